package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.cluster.diagnose.GroupLog.MemberLog;
import dev.banyan.cluster.read.OpRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who comes late, in records that tell only when an operation was enqueued (Gloo), or how long it
 * took (NCCL with timing, Inspector, Kineto). A straggler enqueues after all others, operation
 * after operation; and it waits least, so its operations are the shortest. Clocks of hosts may
 * differ: a rank that is late by the same time always may only have a clock that is ahead, and the
 * verdict says so; by more than a minute it surely has.
 */
final class DumpPace {
  private static final int LEAST_OPS = 5;
  private static final double LEAST_SECONDS = 0.02;
  private static final double LATE_SHARE = 0.6;
  private static final double CLOCK_SECONDS = 60;
  private static final double RATIO = 2;
  private static final double ROBUST_Z = 6;

  private DumpPace() {}

  /** The stragglers, and remarks about clocks. */
  static List<Verdict> stragglers(List<GroupLog> groups, List<String> notes) {
    TreeMap<Integer, Verdict> found = new TreeMap<>();
    for (GroupLog group : groups) {
      late(group, found, notes);
      shortest(group, found);
    }
    return new ArrayList<>(found.values());
  }

  private static Map<Long, Map<Integer, OpRecord>> places(GroupLog group) {
    Map<Long, Map<Integer, OpRecord>> places = new TreeMap<>();
    for (Map.Entry<Integer, MemberLog> each : group.logs().entrySet()) {
      for (OpRecord op : each.getValue().collectives()) {
        places.computeIfAbsent(op.seq(), s -> new HashMap<>()).put(each.getKey(), op);
      }
    }
    return places;
  }

  private static void late(GroupLog group, Map<Integer, Verdict> found, List<String> notes) {
    int ranks = group.logs().size();
    if (ranks < 2) {
      return;
    }
    Map<Integer, List<Double>> late = new TreeMap<>();
    for (Map<Integer, OpRecord> place : places(group).values()) {
      if (place.size() < ranks || place.values().stream().anyMatch(op -> op.createdNanos() <= 0)) {
        continue;
      }
      long[] created = place.values().stream().mapToLong(OpRecord::createdNanos).sorted().toArray();
      // The earliest may be a clock that is behind; the median of the others is what to be late to.
      long from = created[(created.length - 1) / 2];
      place.forEach(
          (rank, op) ->
              late.computeIfAbsent(rank, r -> new ArrayList<>())
                  .add((op.createdNanos() - from) / 1e9));
    }
    Map<Integer, double[]> sorted = new TreeMap<>();
    late.forEach(
        (rank, list) ->
            sorted.put(rank, list.stream().mapToDouble(Double::doubleValue).sorted().toArray()));
    for (Map.Entry<Integer, double[]> each : sorted.entrySet()) {
      double[] times = each.getValue();
      double median = times[times.length / 2];
      if (times.length < LEAST_OPS || median < LEAST_SECONDS) {
        continue;
      }
      int rank = each.getKey();
      if (median > CLOCK_SECONDS) {
        notes.add(
            "rank "
                + rank
                + "'s clock is about "
                + Words.time(median)
                + " ahead of the others in group "
                + group.name()
                + "; its times are not compared");
        continue;
      }
      double others = othersSpread(sorted, rank);
      long often = Arrays.stream(times).filter(t -> t >= median / 2).count();
      if (median < ROBUST_Z * others || often < LATE_SHARE * times.length) {
        continue;
      }
      double low = times[times.length / 10];
      double high = times[times.length - 1 - times.length / 10];
      boolean constant = high - low < 0.1 * median;
      List<String> evidence = new ArrayList<>();
      evidence.add(
          "rank "
              + rank
              + " enqueued "
              + times.length
              + " collectives of group "
              + group.name()
              + " "
              + Words.time(low)
              + " to "
              + Words.time(high)
              + " after the median rank; no other rank is typically later than "
              + Words.time(others));
      if (constant) {
        evidence.add(
            "it is late by nearly the same time always, which a clock that is "
                + Words.time(median)
                + " ahead would also show; check that the hosts' clocks agree");
      }
      found.putIfAbsent(
          rank,
          new Verdict(
              Syndrome.NON_COMMUNICATION_SLOW,
              List.of(rank),
              List.of(),
              List.of(),
              constant ? List.of("rank:" + rank, "clock:" + rank) : List.of(),
              constant ? 0.7 : 0.85,
              evidence,
              constant ? Action.PROBE : Action.ISOLATE));
    }
  }

  /** The largest typical lateness among the other ranks. */
  private static double othersSpread(Map<Integer, double[]> sorted, int rank) {
    double most = 0.001;
    for (Map.Entry<Integer, double[]> each : sorted.entrySet()) {
      double[] times = each.getValue();
      double median = Math.abs(times[times.length / 2]);
      if (each.getKey() != rank && median < CLOCK_SECONDS) {
        double[] sizes = Arrays.stream(times).map(Math::abs).sorted().toArray();
        most = Math.max(most, sizes[sizes.length / 2]);
      }
    }
    return most;
  }

  /** The rank whose operations are shortest, again and again, is the one that waits for nobody. */
  private static void shortest(GroupLog group, Map<Integer, Verdict> found) {
    Map<Integer, Integer> least = new TreeMap<>();
    List<Double> ratios = new ArrayList<>();
    List<Double> waits = new ArrayList<>();
    int counted = 0;
    for (Map<Integer, OpRecord> place : places(group).values()) {
      if (place.size() < 3 || place.values().stream().anyMatch(op -> !(op.seconds() > 0))) {
        continue;
      }
      double[] times = place.values().stream().mapToDouble(OpRecord::seconds).sorted().toArray();
      double second = times[1];
      counted++;
      for (Map.Entry<Integer, OpRecord> each : place.entrySet()) {
        if (each.getValue().seconds() == times[0] && second >= RATIO * times[0]) {
          least.merge(each.getKey(), 1, Integer::sum);
          ratios.add(times[times.length / 2] / times[0]);
          waits.add(times[times.length / 2] - times[0]);
        }
      }
    }
    for (Map.Entry<Integer, Integer> each : least.entrySet()) {
      if (counted < LEAST_OPS || each.getValue() < LATE_SHARE * counted) {
        continue;
      }
      ratios.sort(null);
      waits.sort(null);
      int rank = each.getKey();
      found.putIfAbsent(
          rank,
          new Verdict(
              Syndrome.NON_COMMUNICATION_SLOW,
              List.of(rank),
              List.of(),
              List.of(),
              List.of(),
              0.8,
              List.of(
                  "in "
                      + each.getValue()
                      + " of "
                      + counted
                      + " collectives of group "
                      + group.name()
                      + " rank "
                      + rank
                      + " spent by far the least time inside: the median rank "
                      + Words.number(ratios.get(ratios.size() / 2))
                      + " times as long, "
                      + Words.time(waits.get(waits.size() / 2))
                      + " more",
                  "who comes last waits for nobody; the others wait for it"),
              Action.ISOLATE));
    }
  }
}
