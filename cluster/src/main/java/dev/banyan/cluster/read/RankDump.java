package dev.banyan.cluster.read;

import java.util.List;
import java.util.Map;

/**
 * What one rank left behind.
 *
 * @param path where it was read
 * @param rank global rank
 * @param host its host's label, or empty
 * @param format what was read, with its version
 * @param groups the rank's operations, by group
 * @param status last enqueued and last completed collective of groups whose name is not told, as a
 *     rank without open operations leaves them
 */
public record RankDump(
    String path, int rank, String host, String format, List<GroupOps> groups, List<Status> status) {
  /** Larger numbers are no ranks. */
  static final int MOST_RANKS = 4_000_000;

  public RankDump {
    groups = List.copyOf(groups);
    status = List.copyOf(status);
  }

  /**
   * Operations of one group.
   *
   * @param name the group's name
   * @param description what it is for, or empty
   * @param members global ranks; empty when not told
   * @param ops in the order they were recorded
   * @param lastEnqueued by the recorder's own count, −1 when not told
   * @param lastCompleted by the recorder's own count, −1 when not told
   */
  public record GroupOps(
      String name,
      String description,
      List<Integer> members,
      List<OpRecord> ops,
      long lastEnqueued,
      long lastCompleted) {
    public GroupOps {
      members = List.copyOf(members);
      ops = List.copyOf(ops);
    }
  }

  /** Counts of a group that only its number names. */
  public record Status(String id, long lastEnqueued, long lastCompleted) {}

  /** Groups by name, for tests and people. */
  public Map<String, GroupOps> byName() {
    Map<String, GroupOps> byName = new java.util.LinkedHashMap<>();
    groups.forEach(group -> byName.put(group.name(), group));
    return byName;
  }
}
