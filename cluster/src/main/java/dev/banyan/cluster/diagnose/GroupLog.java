package dev.banyan.cluster.diagnose;

import dev.banyan.cluster.read.OpRecord;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One group as all its ranks that left records saw it.
 *
 * @param name as people know it
 * @param members global ranks, ascending
 * @param logs by rank; a member without records has none
 */
record GroupLog(String name, List<Integer> members, Map<Integer, MemberLog> logs) {
  GroupLog {
    members = List.copyOf(members);
    logs = new TreeMap<>(logs);
  }

  /**
   * What one member recorded.
   *
   * @param collectives in order of their numbers
   * @param pairs sends and receives in the order they were recorded; peers are global ranks
   * @param entered number of the last collective it entered, −1 when it entered none that is known
   */
  record MemberLog(List<OpRecord> collectives, List<OpRecord> pairs, long entered) {}

  /** The number of the last collective that any member entered and has not left, −1 when none. */
  long lastOpen() {
    long last = -1;
    for (MemberLog log : logs.values()) {
      for (OpRecord op : log.collectives()) {
        if (op.open()) {
          last = Math.max(last, op.seq());
        }
      }
    }
    return last;
  }
}
