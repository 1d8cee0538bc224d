package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.EventLine;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What all streams of one job say about it: hosts, groups, names, ranks that are gone. Rarely
 * written, from any thread.
 */
public final class Job {
  /** A group's identity: a name may repeat with other members. */
  private record Key(String name, List<Integer> members) {}

  private final Map<Key, Integer> groups = new HashMap<>();
  private final List<String> groupNames = new ArrayList<>();
  private final List<int[]> groupMembers = new ArrayList<>();
  private final Map<String, Integer> algos = new HashMap<>();
  private final List<String> algoNames = new ArrayList<>();
  private final Map<Integer, EventLine.Hello> hellos = new TreeMap<>();
  private final Map<Integer, EventLine.Gone> gone = new TreeMap<>();
  private final Map<Integer, EventLine.Stat> stats = new TreeMap<>();
  private int world;

  /** A rank introduced itself. */
  public synchronized void hello(EventLine.Hello hello) {
    world = Math.max(world, hello.world());
    if (hello.rank() >= 0) {
      hellos.put(hello.rank(), hello);
      gone.remove(hello.rank()); // a new process took the place
      stats.remove(hello.rank());
    }
  }

  /** The number of a group; members empty where they are not told. */
  public synchronized int group(String name, List<Integer> members) {
    Key key = new Key(name, List.copyOf(members));
    Integer known = groups.get(key);
    if (known != null) {
      return known;
    }
    if (members.isEmpty()) {
      for (int g = 0; g < groupNames.size(); g++) {
        if (groupNames.get(g).equals(name)) {
          return g;
        }
      }
    }
    groups.put(key, groupNames.size());
    groupNames.add(name);
    int[] ranks = members.stream().mapToInt(Integer::intValue).toArray();
    Arrays.sort(ranks);
    groupMembers.add(ranks);
    return groupNames.size() - 1;
  }

  public synchronized int algo(String name) {
    Integer known = algos.putIfAbsent(name, algos.size());
    if (known == null) {
      algoNames.add(name);
      return algos.size() - 1;
    }
    return known;
  }

  public synchronized void gone(EventLine.Gone line) {
    gone.putIfAbsent(line.rank(), line);
  }

  public synchronized void stat(EventLine.Stat line) {
    stats.put(line.rank(), line);
  }

  synchronized Map<Integer, EventLine.Gone> gone() {
    return new TreeMap<>(gone);
  }

  synchronized Map<Integer, EventLine.Stat> stats() {
    return new TreeMap<>(stats);
  }

  synchronized String groupName(int group) {
    return groupNames.get(group);
  }

  /** Global ranks, ascending; empty where they are not told. */
  synchronized int[] members(int group) {
    return groupMembers.get(group);
  }

  synchronized int groupCount() {
    return groupNames.size();
  }

  synchronized String algoName(int algo) {
    return algo < algoNames.size() ? algoNames.get(algo) : "";
  }

  /** The label of a rank's host, or empty. */
  synchronized String host(int rank) {
    EventLine.Hello hello = hellos.get(rank);
    return hello == null ? "" : hello.host();
  }

  /** What every rank said of its clocks. */
  synchronized Map<Integer, EventLine.Hello> hellos() {
    return new TreeMap<>(hellos);
  }

  synchronized boolean knows(int rank) {
    return hellos.containsKey(rank);
  }

  synchronized int world() {
    return world;
  }
}
