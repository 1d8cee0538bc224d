package dev.banyan.cluster.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** NCCL RAS in its JSON form (2.28.7 and later): one snapshot, or several one behind the other. */
public final class Ras {
  private Ras() {}

  /**
   * A moment of the whole job.
   *
   * @param path where it was read
   * @param timestamp as RAS wrote it
   * @param communicators all of them
   */
  public record Snapshot(String path, String timestamp, List<Communicator> communicators) {
    public Snapshot {
      communicators = List.copyOf(communicators);
    }
  }

  /**
   * One communicator.
   *
   * @param hash its identity
   * @param size members
   * @param members those that answered, by rank
   * @param missing those that did not
   */
  public record Communicator(
      String hash, int size, Map<Integer, Member> members, Map<Integer, Missing> missing) {}

  /**
   * A member that answered.
   *
   * @param operations begun so far, of all kinds
   * @param error asynchronous error, empty when none
   */
  public record Member(String host, long pid, long operations, String error) {}

  /** A member that did not answer. */
  public record Missing(String host, long pid, boolean dead) {}

  /** Reads all snapshots of a file. */
  public static List<Snapshot> read(byte[] bytes, String path) throws BrokenInput {
    List<Snapshot> snapshots = new ArrayList<>();
    for (Object top : JsonTree.all(bytes)) {
      Object at = top instanceof Map<?, ?> ? top : null;
      List<? extends @Nullable Object> several = Fields.list(top);
      if (at == null && !several.isEmpty()) {
        several.forEach(each -> addSnapshot(snapshots, each, path));
      } else {
        addSnapshot(snapshots, at, path);
      }
    }
    if (snapshots.isEmpty()) {
      throw new BrokenInput(0, "is no RAS file: it has no communicators");
    }
    return snapshots;
  }

  private static void addSnapshot(List<Snapshot> snapshots, @Nullable Object top, String path) {
    List<? extends @Nullable Object> communicators = Fields.list(top, "communicators");
    if (communicators.isEmpty()) {
      return; // an event of the monitor, or an empty job
    }
    List<Communicator> all = new ArrayList<>();
    for (Object each : communicators) {
      Map<Integer, Member> members = new TreeMap<>();
      for (Object rank : Fields.list(each, "ranks")) {
        members.put(rank(rank), member(rank));
      }
      Map<Integer, Missing> missing = new TreeMap<>();
      for (Object rank : Fields.list(each, "missing_ranks")) {
        missing.put(
            rank(rank),
            new Missing(
                Fields.text(rank, "host"),
                Fields.number(rank, "pid", -1),
                Fields.truth(Fields.of(rank, "status"), "considered_dead")));
      }
      members.remove(-1);
      missing.remove(-1);
      all.add(
          new Communicator(
              Fields.text(each, "hash"),
              (int) Math.clamp(Fields.number(each, "size", 0), 0L, RankDump.MOST_RANKS),
              members,
              missing));
    }
    snapshots.add(new Snapshot(path, Fields.text(top, "timestamp"), all));
  }

  private static int rank(@Nullable Object tree) {
    long rank = Fields.number(tree, "rank", -1);
    return rank < 0 || rank > RankDump.MOST_RANKS ? -1 : (int) rank;
  }

  private static Member member(@Nullable Object rank) {
    long operations = 0;
    for (Object count : Fields.map(rank, "collective_counts").values()) {
      operations += Fields.number(count, 0);
    }
    Object status = Fields.of(rank, "status");
    String error = Fields.text(status, "async_error");
    boolean none = error.isEmpty() || error.equals("0") || error.equals("ncclSuccess");
    return new Member(
        Fields.text(rank, "host"), Fields.number(rank, "pid", -1), operations, none ? "" : error);
  }
}
