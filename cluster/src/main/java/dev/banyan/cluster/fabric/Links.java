package dev.banyan.cluster.fabric;

import dev.banyan.cluster.Topology;

/**
 * Numbers for everything that has a rate: uplinks, then downlinks, both as [plane, leaf, path],
 * then the ports' sending and receiving sides as [NIC, plane].
 */
public final class Links {
  public final int fabric;
  public final int count;
  public final double[] gbps;
  private final int planes;
  private final int nics;

  public Links(Topology topology) {
    fabric = topology.links();
    planes = topology.planes();
    nics = topology.nics();
    count = 2 * fabric + 2 * nics * planes;
    gbps = new double[count];
    int at = 0;
    for (int plane = 0; plane < planes; plane++) {
      for (int leaf = 0; leaf < topology.leaves(); leaf++) {
        for (int path = 0; path < topology.paths(); path++, at++) {
          gbps[at] = topology.gbps(plane, leaf, path);
          gbps[fabric + at] = gbps[at];
        }
      }
    }
    java.util.Arrays.fill(gbps, 2 * fabric, count, topology.shape().portGbps());
  }

  public int down(int link) {
    return fabric + link;
  }

  public int sending(int nic, int plane) {
    return 2 * fabric + nic * planes + plane;
  }

  public int receiving(int nic, int plane) {
    return 2 * fabric + (nics + nic) * planes + plane;
  }
}
