package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.diagnose.GroupLog.MemberLog;
import dev.banyan.cluster.read.OpRecord;
import dev.banyan.cluster.read.RankDump;
import dev.banyan.cluster.read.RankDump.GroupOps;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Puts the dumps of single ranks together into groups. A name may repeat, so a group is its name
 * and its members; where members are not told (Gloo) they are the ranks that recorded the name.
 */
final class Assembly {
  private record Key(String name, List<Integer> members) {}

  private record Part(RankDump dump, GroupOps ops) {}

  private Assembly() {}

  static List<GroupLog> groups(List<RankDump> dumps) {
    Map<Key, List<Part>> parts = new LinkedHashMap<>();
    for (RankDump dump : dumps) {
      for (GroupOps ops : dump.groups()) {
        List<Integer> members = new ArrayList<>(new TreeSet<>(ops.members()));
        parts
            .computeIfAbsent(new Key(ops.name(), members), k -> new ArrayList<>())
            .add(new Part(dump, ops));
      }
    }
    List<GroupLog> groups = new ArrayList<>();
    parts.forEach((key, list) -> groups.add(group(key, list)));
    return groups;
  }

  private static GroupLog group(Key key, List<Part> parts) {
    List<Integer> members =
        key.members().isEmpty()
            ? new ArrayList<>(new TreeSet<>(parts.stream().map(p -> p.dump().rank()).toList()))
            : key.members();
    long lowest = Long.MAX_VALUE;
    long highest = -1;
    for (Part part : parts) {
      for (OpRecord op : part.ops().ops()) {
        if (op.open() && !op.pointToPoint()) {
          lowest = Math.min(lowest, op.seq());
          highest = Math.max(highest, op.seq());
        }
      }
    }
    Map<Integer, MemberLog> logs = new TreeMap<>();
    for (Part part : parts) {
      logs.put(part.dump().rank(), log(part, members, lowest, highest));
    }
    return new GroupLog(name(key, parts), members, logs);
  }

  private static String name(Key key, List<Part> parts) {
    for (Part part : parts) {
      if (!part.ops().description().isEmpty() && !part.ops().description().equals("undefined")) {
        return key.name() + " " + part.ops().description();
      }
    }
    return key.name();
  }

  private static MemberLog log(Part part, List<Integer> members, long lowest, long highest) {
    List<OpRecord> collectives = new ArrayList<>();
    List<OpRecord> pairs = new ArrayList<>();
    Map<Long, OpRecord> last = new HashMap<>();
    // The recorder's own count takes sends and receives in, so it says nothing where there are any.
    boolean apart = part.ops().ops().stream().noneMatch(OpRecord::pointToPoint);
    long entered = apart && !part.ops().ops().isEmpty() ? part.ops().lastEnqueued() : -1;
    for (OpRecord op : part.ops().ops()) {
      if (op.pointToPoint()) {
        pairs.add(inWorld(op, members));
      } else {
        last.put(op.seq(), op);
        entered = Math.max(entered, op.seq());
      }
    }
    collectives.addAll(last.values());
    collectives.sort(Comparator.comparingLong(OpRecord::seq));
    if (entered < 0) {
      entered = unnamed(part.dump().status(), lowest, highest);
    }
    return new MemberLog(collectives, pairs, entered);
  }

  /** Sends and receives name their peer by its place in the group. */
  private static OpRecord inWorld(OpRecord op, List<Integer> members) {
    int peer = op.peer() >= 0 && op.peer() < members.size() ? members.get(op.peer()) : -1;
    return new OpRecord(
        op.seq(),
        op.op() == CollectiveOp.SEND ? CollectiveOp.SEND : CollectiveOp.RECV,
        op.name(),
        peer,
        op.sizes(),
        op.state(),
        op.createdNanos(),
        op.seconds(),
        op.timeoutSeconds(),
        op.where());
  }

  /**
   * A rank without open operations in a group leaves only counts by number. The count that fits is
   * one that ended just before, or among, the operations its peers hold open; where several fit the
   * largest is taken, which accuses least.
   */
  private static long unnamed(List<RankDump.Status> status, long lowest, long highest) {
    long best = -1;
    for (RankDump.Status each : status) {
      long entered = each.lastEnqueued();
      if (highest >= 0 && entered >= lowest - 1 && entered <= highest) {
        best = Math.max(best, entered);
      }
    }
    return best;
  }
}
