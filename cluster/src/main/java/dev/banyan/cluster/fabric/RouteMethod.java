package dev.banyan.cluster.fabric;

import dev.banyan.cluster.Topology;

/** A way of choosing paths. */
public interface RouteMethod {
  /** As tables call it. */
  String name();

  /** A path and a weight for every queue pair; the same input gives the same answer. */
  Paths route(Topology topology, Traffic traffic);
}
