package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.Action;
import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Who holds up a job, from events written as they happen (C4, §4, and the rule measured in our
 * lab). A group is stuck when a member has been inside an operation without progress for longer
 * than five seconds and ten times what such operations take. Then, in this order: members that did
 * different things at the same place (software); proof that a process is gone; the members that
 * never entered and wait for nobody; a rank whose heartbeat has stopped inside a transfer; the
 * connections on which a receiver posted and the sender was credited, or the credit itself never
 * came. If every stuck connection ends at one rank it is that rank's port. Chains are followed
 * upstream; a cycle is a deadlock.
 */
final class EventHang {
  private static final long HANG_NANOS = 5_000_000_000L;
  private static final double TIMES_P99 = 10;
  private static final long BEAT_LOST_NANOS = 3_500_000_000L;
  private static final int MOST_SENTENCES = 5;

  private final Job job;
  private final List<EventTables> tables;
  private final IntToLongFunction now;
  private final IntToLongFunction shift;

  /** Lanes that wait too long. */
  private final List<Lane> stuck = new ArrayList<>();

  /** rank → ranks that are absent where it waits. */
  private final Map<Integer, Set<Integer>> waitsFor = new TreeMap<>();

  private final Map<Integer, List<String>> absences = new TreeMap<>();

  private record Lane(EventTables table, int l, int rank, int group) {
    long seq() {
      return table.seq[l];
    }

    boolean open() {
      return table.open[l] > 0;
    }

    CollectiveOp op() {
      return CollectiveOp.of(table.opOf[l]);
    }
  }

  /** Packets from one rank to another do not arrive. */
  private record Broken(int from, int to, boolean data, long sinceFrom, long sinceTo, String why) {}

  /**
   * @param now the newest time of a rank's own clock
   * @param shift what must be added to a rank's times to compare them with other ranks'
   */
  private EventHang(
      Job job, List<EventTables> tables, IntToLongFunction now, IntToLongFunction shift) {
    this.job = job;
    this.tables = tables;
    this.now = now;
    this.shift = shift;
  }

  /**
   * @param verdicts what stands still and why
   * @param masked ranks that wait
   */
  record Hang(List<Verdict> verdicts, Set<Integer> masked) {}

  static Hang judge(
      Job job, List<EventTables> tables, IntToLongFunction now, IntToLongFunction shift) {
    return new EventHang(job, tables, now, shift).judge();
  }

  private Hang judge() {
    List<Lane> waiting = new ArrayList<>();
    for (EventTables table : tables) {
      for (int l = 0; l < table.lanes.size(); l++) {
        var lane = new Lane(table, l, (int) table.lanes.first(l), (int) table.lanes.second(l));
        if (lane.open()) {
          waiting.add(lane);
          if (age(lane) > limit(lane)) {
            stuck.add(lane);
          }
        }
      }
    }
    Map<Integer, EventLine.Gone> gone = job.gone();
    List<Verdict> verdicts = new ArrayList<>();
    Set<Integer> culprits = new TreeSet<>();
    if (!stuck.isEmpty() || !gone.isEmpty()) {
      mismatches(waiting, verdicts, culprits);
    }
    if (verdicts.isEmpty() && !gone.isEmpty()) {
      losses(gone, verdicts, culprits);
    }
    if (verdicts.isEmpty() && !stuck.isEmpty()) {
      absent(verdicts, culprits);
    }
    if (verdicts.isEmpty() && !stuck.isEmpty()) {
      connections(verdicts, culprits);
    }
    Set<Integer> masked = new TreeSet<>();
    if (!verdicts.isEmpty()) {
      waiting.forEach(lane -> masked.add(lane.rank()));
      masked.removeAll(culprits);
    }
    return new Hang(verdicts, masked);
  }

  private long age(Lane lane) {
    return now.applyAsLong(lane.rank()) - lane.table().laneProgress[lane.l()];
  }

  private long limit(Lane lane) {
    EventTables table = lane.table();
    int k = table.kinds.find(lane.group(), table.opOf[lane.l()]);
    int[] histogram = k < 0 || k >= table.durations.length ? null : table.durations[k];
    double p99 = histogram == null ? 0 : EventTables.p99Seconds(histogram);
    return Math.max(HANG_NANOS, (long) (TIMES_P99 * p99 * 1e9));
  }

  private @Nullable Lane lane(int rank, int group) {
    for (EventTables table : tables) {
      int l = table.lanes.find(rank, group);
      if (l >= 0) {
        return new Lane(table, l, rank, group);
      }
    }
    return null;
  }

  private int[] members(int group) {
    int[] told = job.members(group);
    if (told.length > 0) {
      return told;
    }
    Set<Integer> ranks = new TreeSet<>();
    for (EventTables table : tables) {
      for (int l = 0; l < table.lanes.size(); l++) {
        if (table.lanes.second(l) == group) {
          ranks.add((int) table.lanes.first(l));
        }
      }
    }
    return ranks.stream().mapToInt(Integer::intValue).toArray();
  }

  /** When a rank last did anything in any group, on its own clock; 0 when it never did. */
  private long progress(int rank) {
    long last = 0;
    for (EventTables table : tables) {
      int r = table.ranks.find(rank, 0);
      if (r >= 0) {
        last = Math.max(last, table.progressNanos[r]);
      }
    }
    return last;
  }

  private long beat(int rank) {
    long last = 0;
    for (EventTables table : tables) {
      int r = table.ranks.find(rank, 0);
      if (r >= 0) {
        last = Math.max(last, table.beatNanos[r]);
      }
    }
    return last;
  }

  /** Whether a rank that sent heartbeats has stopped to. */
  private boolean silent(int rank) {
    long beat = beat(rank);
    return beat > 0 && now.applyAsLong(rank) - beat > BEAT_LOST_NANOS;
  }

  /** Members that did different things at the same number of the same group. */
  private void mismatches(List<Lane> waiting, List<Verdict> verdicts, Set<Integer> culprits) {
    Map<List<Long>, Map<String, Set<Integer>>> places = new HashMap<>();
    for (Lane lane : waiting) {
      addDone(
          places, lane, lane.seq(), lane.table().opOf[lane.l()], lane.table().bytesOf[lane.l()]);
    }
    for (Lane lane : waiting) {
      for (int member : members(lane.group())) {
        Lane other = lane(member, lane.group());
        if (other == null || other.rank() == lane.rank()) {
          continue;
        }
        EventTables table = other.table();
        if (other.seq() == lane.seq() && !other.open()) {
          addDone(places, other, other.seq(), table.opOf[other.l()], table.bytesOf[other.l()]);
        } else if (other.seq() == lane.seq() + 1 && table.previousSeq[other.l()] == lane.seq()) {
          addDone(
              places,
              other,
              lane.seq(),
              table.previousOp[other.l()],
              table.previousBytes[other.l()]);
        }
      }
      if (members(lane.group()).length > 4096) {
        break; // one look at a group of many is enough: all its waiting lanes are in already
      }
    }
    places.forEach(
        (place, did) -> {
          if (did.size() > 1 && verdicts.isEmpty()) {
            verdicts.add(mismatch(place, did, culprits));
          }
        });
  }

  private static void addDone(
      Map<List<Long>, Map<String, Set<Integer>>> places, Lane lane, long seq, int op, long bytes) {
    places
        .computeIfAbsent(List.of((long) lane.group(), seq), p -> new TreeMap<>())
        .computeIfAbsent(
            CollectiveOp.of(op).word() + " of " + bytes + " bytes", d -> new TreeSet<>())
        .add(lane.rank());
  }

  private Verdict mismatch(List<Long> place, Map<String, Set<Integer>> did, Set<Integer> culprits) {
    int most = did.values().stream().mapToInt(Set::size).max().orElse(0);
    boolean clear = did.values().stream().filter(set -> set.size() == most).count() == 1;
    List<String> evidence = new ArrayList<>();
    did.forEach(
        (what, ranks) -> {
          evidence.add(
              "operation "
                  + place.get(1)
                  + " of group "
                  + job.groupName(place.getFirst().intValue())
                  + " is "
                  + what
                  + " for "
                  + Words.ranks(ranks));
          if (!clear || ranks.size() < most) {
            culprits.addAll(ranks);
          }
        });
    evidence.add("the program differs between ranks; no machine is at fault");
    return new Verdict(
        Syndrome.MISMATCH,
        List.copyOf(culprits),
        hosts(culprits),
        List.of(),
        clear ? List.of() : culprits.stream().limit(3).map(rank -> "rank:" + rank).toList(),
        clear ? 0.95 : 0.7,
        Words.some(evidence, MOST_SENTENCES),
        Action.FIX_SOFTWARE);
  }

  /** The process that went first; what its peers do then is only the echo. */
  private void losses(
      Map<Integer, EventLine.Gone> gone, List<Verdict> verdicts, Set<Integer> culprits) {
    boolean signals = gone.values().stream().anyMatch(line -> line.proof().contains("signal"));
    EventLine.Gone first = null;
    for (EventLine.Gone line : gone.values()) {
      boolean may = !signals || line.proof().contains("signal");
      if (may && (first == null || line.tNanos() < first.tNanos())) {
        first = line;
      }
    }
    if (first == null) {
      return;
    }
    List<String> evidence = new ArrayList<>();
    evidence.add("rank " + first.rank() + ": " + first.proof());
    if (gone.size() > 1) {
      evidence.add(
          (gone.size() - 1)
              + " more ended after it, as peers of a broken connection do: "
              + Words.ranks(gone.keySet()));
    }
    Lane lane = null;
    for (int g = 0; g < job.groupCount() && lane == null; g++) {
      lane = lane(first.rank(), g);
    }
    if (lane != null) {
      evidence.add(
          "its last event was in operation "
              + lane.seq()
              + " of group "
              + job.groupName(lane.group())
              + (lane.open() ? ", which it had not left" : ", which it had left"));
    }
    culprits.add(first.rank());
    verdicts.add(
        new Verdict(
            Syndrome.PROCESS_LOSS,
            List.of(first.rank()),
            hosts(culprits),
            List.of(),
            List.of(),
            0.95,
            evidence,
            Action.ISOLATE));
  }

  private List<String> hosts(Set<Integer> ranks) {
    return ranks.stream().map(job::host).filter(host -> !host.isEmpty()).distinct().toList();
  }

  /** Members that never entered where others wait. */
  private void absent(List<Verdict> verdicts, Set<Integer> culprits) {
    for (Lane lane : stuck) {
      Set<Integer> keep = waitsFor.computeIfAbsent(lane.rank(), r -> new TreeSet<>());
      for (int member : members(lane.group())) {
        Lane other = lane(member, lane.group());
        if (member == lane.rank() || (other != null && other.seq() >= lane.seq())) {
          continue;
        }
        keep.add(member);
        absences
            .computeIfAbsent(member, m -> new ArrayList<>())
            .add(
                "rank "
                    + lane.rank()
                    + " has been in operation "
                    + lane.seq()
                    + " ("
                    + lane.op().word()
                    + ") of group "
                    + job.groupName(lane.group())
                    + " for "
                    + Words.time(age(lane) / 1e9)
                    + "; rank "
                    + member
                    + (other == null
                        ? " never entered any"
                        : " entered none after " + other.seq()));
      }
    }
    Set<Integer> first = new TreeSet<>(absences.keySet());
    first.removeIf(rank -> waits(rank) || isBusy(rank));
    if (first.isEmpty()
        && !absences.isEmpty()
        && absences.keySet().stream().noneMatch(this::isBusy)) {
      Set<Integer> inside = new TreeSet<>(absences.keySet());
      inside.removeIf(rank -> waitsFor.getOrDefault(rank, Set.of()).isEmpty());
      if (inside.size() == absences.size()) {
        verdicts.add(deadlock(culprits));
      }
      return;
    }
    for (int rank : first) {
      culprits.add(rank);
      List<String> evidence =
          new ArrayList<>(Words.some(absences.getOrDefault(rank, List.of()), MOST_SENTENCES));
      evidence.add(life(rank));
      verdicts.add(
          new Verdict(
              Syndrome.NON_COMMUNICATION_HANG,
              List.of(rank),
              hosts(Set.of(rank)),
              List.of(),
              silent(rank) && job.stats().get(rank) == null
                  ? List.of("rank:" + rank, "processLoss:" + rank)
                  : List.of(),
              0.95,
              evidence,
              Action.ISOLATE));
    }
  }

  /** Whether a rank is inside an operation, or was lately. */
  private boolean waits(int rank) {
    for (EventTables table : tables) {
      int r = table.ranks.find(rank, 0);
      if (r >= 0 && table.openLanes[r] > 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a rank still gets on somewhere: then it is slow, or far away, and not the cause yet.
   */
  private boolean isBusy(int rank) {
    long last = progress(rank);
    return last != 0 && now.applyAsLong(rank) - last < HANG_NANOS;
  }

  private Verdict deadlock(Set<Integer> culprits) {
    List<String> evidence = new ArrayList<>();
    absences.forEach((rank, why) -> evidence.add(why.getFirst()));
    culprits.addAll(absences.keySet());
    evidence.add(
        "each of them waits inside another group: they entered groups in different orders");
    return new Verdict(
        Syndrome.MISMATCH,
        List.copyOf(culprits),
        hosts(culprits),
        List.of(),
        List.of(),
        0.8,
        Words.some(evidence, MOST_SENTENCES),
        Action.FIX_SOFTWARE);
  }

  /** What is known of a rank's process. */
  private String life(int rank) {
    EventLine.Stat stat = job.stats().get(rank);
    String state =
        stat == null
            ? ""
            : "; /proc says state "
                + stat.state()
                + (stat.wchan().isEmpty() ? "" : " in " + stat.wchan());
    long beat = beat(rank);
    if (beat == 0) {
      return "rank " + rank + " sends no heartbeats" + state;
    }
    double ago = (now.applyAsLong(rank) - beat) / 1e9;
    return silent(rank)
        ? "rank " + rank + " sent its last heartbeat " + Words.time(ago) + " ago" + state
        : "rank " + rank + " still sends heartbeats: its process lives" + state;
  }

  /** All entered: which connections are stuck, and where they meet. */
  private void connections(List<Verdict> verdicts, Set<Integer> culprits) {
    List<Broken> broken = new ArrayList<>();
    boolean edges = false;
    for (EventTables table : tables) {
      for (int e = 0; e < table.edges.size(); e++) {
        long kind = table.edges.second(e);
        if (EventTables.isTx(kind)) {
          continue;
        }
        edges = true;
        if (table.begun[e] > table.done[e]) {
          Broken found = broken(table, e, kind);
          if (found != null) {
            broken.add(found);
          }
        }
      }
    }
    Set<Integer> stopped = new TreeSet<>();
    for (Broken each : broken) {
      if (silent(each.from())) {
        stopped.add(each.from());
      }
      if (silent(each.to())) {
        stopped.add(each.to());
      }
    }
    for (Lane lane : stuckAndSilent()) {
      stopped.add(lane.rank());
    }
    if (!stopped.isEmpty()) {
      stoppedInside(stopped, broken, verdicts, culprits);
    } else if (!broken.isEmpty()) {
      network(broken, verdicts, culprits);
    } else {
      group(edges, verdicts, culprits);
    }
  }

  private List<Lane> stuckAndSilent() {
    List<Lane> lanes = new ArrayList<>();
    for (EventTables table : tables) {
      for (int l = 0; l < table.lanes.size(); l++) {
        var lane = new Lane(table, l, (int) table.lanes.first(l), (int) table.lanes.second(l));
        if (lane.open() && silent(lane.rank())) {
          lanes.add(lane);
        }
      }
    }
    return lanes;
  }

  /**
   * What is wrong with a receive that was posted and has not ended; null when it waits upstream.
   */
  private @Nullable Broken broken(EventTables table, int e, long kind) {
    long key = table.edges.first(e);
    int to = (int) (key >>> 32);
    int from = (int) key;
    int group = EventTables.groupOf(kind);
    long seq = table.edgeSeq[e];
    Lane receiver = lane(to, group);
    Lane sender = lane(from, group);
    if (receiver == null
        || now.applyAsLong(to) - table.postNanos[e] < HANG_NANOS
        || sender == null
        || sender.seq() < seq) {
      return null;
    }
    int credits = 0;
    int sents = 0;
    long creditNanos = 0;
    for (EventTables each : tables) {
      int s = each.edges.find(KeyTable.pair(from, to), kind | 1);
      if (s >= 0) {
        boolean same = each.edgeSeq[s] == seq;
        boolean before = each.edgePreviousSeq[s] == seq;
        credits = same ? each.begun[s] : before ? each.previousBegun[s] : 0;
        sents = same ? each.done[s] : before ? each.previousDone[s] : 0;
        creditNanos = each.postNanos[s];
      }
    }
    String post =
        "rank "
            + to
            + " posted a buffer for rank "
            + from
            + " "
            + Words.time((now.applyAsLong(to) - table.postNanos[e]) / 1e9)
            + " ago in operation "
            + seq
            + " of group "
            + job.groupName(group);
    if (credits >= table.begun[e]) {
      boolean first = table.firsts[e] >= table.begun[e];
      return new Broken(
          from,
          to,
          true,
          creditNanos,
          Math.max(table.postNanos[e], onClockOf(to, from, creditNanos)),
          post
              + "; rank "
              + from
              + (sents >= table.begun[e]
                  ? " was credited and has sent it"
                  : " was credited and is sending")
              + (first ? ", the first byte came, the last did not" : ", no byte came"));
    }
    boolean there =
        sender.seq() > seq
            || !sender.open()
            || sender.table().posts[sender.l()] >= table.postIndex[e];
    if (!there) {
      return null;
    }
    return new Broken(
        to,
        from,
        false,
        table.postNanos[e],
        Math.max(sender.table().laneProgress[sender.l()], onClockOf(from, to, table.postNanos[e])),
        post + "; rank " + from + " is at the same place and never got that credit");
  }

  /**
   * A moment on another rank's clock as that of {@code rank}, as exact as their shifts are; long
   * ago when one is not known.
   */
  private long onClockOf(int rank, int other, long nanos) {
    long own = shift.applyAsLong(rank);
    long theirs = shift.applyAsLong(other);
    boolean known = own != Long.MIN_VALUE && theirs != Long.MIN_VALUE;
    return known ? nanos + theirs - own : Long.MIN_VALUE;
  }

  private void stoppedInside(
      Set<Integer> stopped, List<Broken> broken, List<Verdict> verdicts, Set<Integer> culprits) {
    for (int rank : stopped) {
      culprits.add(rank);
      List<String> evidence = new ArrayList<>();
      evidence.add(life(rank));
      for (Broken each : broken) {
        if (each.from() == rank || each.to() == rank) {
          evidence.add(each.why());
        }
      }
      verdicts.add(
          new Verdict(
              Syndrome.COMMUNICATION_HANG,
              List.of(rank),
              hosts(Set.of(rank)),
              List.of(),
              job.stats().get(rank) == null
                  ? List.of("rank:" + rank, "processLoss:" + rank)
                  : List.of(),
              0.9,
              Words.some(evidence, MOST_SENTENCES),
              Action.ISOLATE));
    }
  }

  private void network(List<Broken> broken, List<Verdict> verdicts, Set<Integer> culprits) {
    Map<Integer, Set<Integer>> peers = new TreeMap<>();
    for (Broken each : broken) {
      peers.computeIfAbsent(each.from(), r -> new TreeSet<>()).add(each.to());
      peers.computeIfAbsent(each.to(), r -> new TreeSet<>()).add(each.from());
    }
    for (Map.Entry<Integer, Set<Integer>> each : peers.entrySet()) {
      int port = each.getKey();
      boolean all = broken.stream().allMatch(b -> b.from() == port || b.to() == port);
      if (all && each.getValue().size() >= 2) {
        culprits.add(port);
        verdicts.add(port(port, broken));
        return;
      }
    }
    // The oldest is the cause; what broke later can only follow from it or be a fault of its own.
    Set<List<Integer>> told = new java.util.HashSet<>();
    for (Broken each : broken) {
      int low = Math.min(each.from(), each.to());
      if (told.add(List.of(low, each.from() + each.to() - low))) {
        verdicts.add(link(each, broken));
        culprits.add(each.from());
        culprits.add(each.to());
      }
    }
  }

  private Verdict port(int port, List<Broken> broken) {
    List<String> evidence = new ArrayList<>();
    broken.forEach(each -> evidence.add(each.why()));
    evidence.add("every stuck connection ends at rank " + port + ": its port");
    return new Verdict(
        Syndrome.COMMUNICATION_HANG,
        List.of(port),
        hosts(Set.of(port)),
        List.of(port + "<->*"),
        List.of(),
        0.9,
        evidence,
        Action.ISOLATE);
  }

  private Verdict link(Broken link, List<Broken> all) {
    List<String> evidence = new ArrayList<>();
    Set<List<Integer>> ways = new java.util.HashSet<>();
    for (Broken each : all) {
      boolean same =
          (each.from() == link.from() && each.to() == link.to())
              || (each.from() == link.to() && each.to() == link.from());
      if (same) {
        evidence.add(each.why());
        ways.add(List.of(each.from(), each.to()));
      }
    }
    String name = link.from() + "->" + link.to();
    List<String> ambiguity = new ArrayList<>();
    if (ways.size() > 1) {
      ambiguity.add("link:" + name);
      ambiguity.add("link:" + link.to() + "->" + link.from());
    }
    for (int end : List.of(link.from(), link.to())) {
      long since = end == link.from() ? link.sinceFrom() : link.sinceTo();
      if (ambiguity.size() < 3 && !worksSince(end, link, since)) {
        if (ambiguity.isEmpty()) {
          ambiguity.add("link:" + name);
        }
        ambiguity.add("rank:" + end);
        evidence.add(
            "nothing shows that rank "
                + end
                + "'s port still works with others; probe: send between it and a third rank");
      }
    }
    return new Verdict(
        Syndrome.COMMUNICATION_HANG,
        List.of(link.from(), link.to()),
        hosts(new TreeSet<>(List.of(link.from(), link.to()))),
        List.of(name),
        ambiguity,
        ambiguity.isEmpty() ? 0.9 : 0.8,
        Words.some(evidence, MOST_SENTENCES),
        ambiguity.isEmpty() ? Action.ISOLATE : Action.PROBE);
  }

  /** Whether a rank heard from anybody else after this connection got stuck, on its own clock. */
  private boolean worksSince(int rank, Broken link, long since) {
    int other = link.from() == rank ? link.to() : link.from();
    for (EventTables table : tables) {
      for (int e = 0; e < table.edges.size(); e++) {
        long key = table.edges.first(e);
        if ((int) (key >>> 32) == rank && (int) key != other) {
          boolean tx = EventTables.isTx(table.edges.second(e));
          // A credit or a byte that came is proof; what was posted or sent is none.
          long heard =
              tx ? table.postNanos[e] : Math.max(table.firstNanos[e], table.lastByteNanos[e]);
          if (heard > since) {
            return true;
          }
        }
      }
    }
    return false;
  }

  /** Nothing finer than entering and leaving is told. */
  private void group(boolean edges, List<Verdict> verdicts, Set<Integer> culprits) {
    Lane oldest = null;
    for (Lane lane : stuck) {
      if (isBusy(lane.rank())) {
        continue;
      }
      if (oldest == null || lane.seq() < oldest.seq()) {
        oldest = lane;
      }
    }
    if (oldest == null || (edges && stuck.stream().anyMatch(lane -> isBusy(lane.rank())))) {
      return;
    }
    Set<Integer> inside = new TreeSet<>();
    Set<Integer> left = new TreeSet<>();
    for (int member : members(oldest.group())) {
      Lane lane = lane(member, oldest.group());
      if (lane != null && lane.open() && lane.seq() == oldest.seq()) {
        inside.add(member);
      } else if (lane != null && lane.seq() >= oldest.seq()) {
        left.add(member);
      }
    }
    boolean few = inside.size() <= 3;
    if (few) {
      culprits.addAll(inside);
    }
    String name = job.groupName(oldest.group());
    verdicts.add(
        new Verdict(
            Syndrome.COMMUNICATION_HANG,
            List.copyOf(culprits),
            hosts(culprits),
            List.of(),
            few ? inside.stream().map(rank -> "rank:" + rank).toList() : List.of("group:" + name),
            0.6,
            List.of(
                "all members entered operation "
                    + oldest.seq()
                    + " ("
                    + oldest.op().word()
                    + ") of group "
                    + name
                    + "; "
                    + Words.ranks(inside)
                    + " did not leave it for "
                    + Words.time(age(oldest) / 1e9)
                    + (left.isEmpty() ? "" : ", " + Words.ranks(left) + " did"),
                "these ranks tell only when they enter and leave, so the connection cannot be"
                    + " named; probe: send between each two of them, one pair at a time"),
            Action.PROBE));
  }
}
