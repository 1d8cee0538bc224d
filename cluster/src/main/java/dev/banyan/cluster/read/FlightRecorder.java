package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.read.RankDump.GroupOps;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * PyTorch Flight Recorder dumps, versions 2.4 to 2.10, of NCCL and of Gloo: a pickle or JSON, read
 * into the same tree. The rank stands only in the file's name.
 */
public final class FlightRecorder {
  private static final Pattern PAIR = Pattern.compile("(\\d+)\\s*(->|<-)\\s*(\\d+)");

  private FlightRecorder() {}

  /** The rank a file's name tells, or −1. */
  public static int rankOf(Path file, Pattern pattern) {
    Path name = file.getFileName();
    Matcher matcher = pattern.matcher(name == null ? "" : name.toString());
    int rank = -1;
    while (matcher.find()) {
      String digits = matcher.groupCount() > 0 ? matcher.group(1) : matcher.group();
      rank = (int) Fields.number(digits, -1);
    }
    return rank;
  }

  /** A pickled dump. */
  public static RankDump pickle(byte[] bytes, String path, int rank) throws BrokenInput {
    return dump(PickleReader.read(bytes), path, rank, bytes.length);
  }

  /** A dump as JSON. */
  public static RankDump json(byte[] bytes, String path, int rank) throws BrokenInput {
    return dump(JsonTree.read(bytes), path, rank, bytes.length);
  }

  /**
   * A dump from its tree.
   *
   * @param rank of the file's name, −1 when it has none
   * @throws BrokenInput when the tree is no dump, or the rank is none of its groups'
   */
  static RankDump dump(@Nullable Object tree, String path, int rank, long bytes)
      throws BrokenInput {
    if (!(tree instanceof Map<?, ?> top) || !top.containsKey("entries")) {
      throw new BrokenInput(bytes, "is no Flight Recorder dump: it has no entries");
    }
    if (rank < 0) {
      throw new BrokenInput(
          0, "the name holds no rank; name it <prefix><rank>, or give --rank-pattern");
    }
    String version = Fields.text(top, "version");
    Map<String, List<Integer>> members = members(top);
    checkMember(rank, members);
    Map<String, List<OpRecord>> ops = new LinkedHashMap<>();
    Map<String, String> descriptions = new HashMap<>();
    Map<String, String> idOfGroup = new HashMap<>();
    List<? extends @Nullable Object> entries = Fields.list(top, "entries");
    boolean silent = neverTellsEnds(entries);
    for (Object entry : entries) {
      List<? extends @Nullable Object> group = Fields.list(entry, "process_group");
      String name = group.isEmpty() ? Fields.text(entry, "pg_id") : Fields.text(group.getFirst());
      descriptions.put(name, group.size() < 2 ? "" : Fields.text(group.get(1)));
      idOfGroup.put(name, Fields.text(entry, "pg_id"));
      ops.computeIfAbsent(name, n -> new ArrayList<>()).add(op(entry, silent));
    }
    Map<?, ? extends @Nullable Object> status = Fields.map(top, "pg_status");
    members.keySet().forEach(name -> ops.computeIfAbsent(name, n -> new ArrayList<>()));
    List<GroupOps> groups = new ArrayList<>();
    Set<String> named = new HashSet<>();
    ops.forEach(
        (name, list) -> {
          String id = idOfGroup.get(name);
          Object told = id == null ? null : status.get(id);
          if (id != null) {
            named.add(id);
          }
          groups.add(
              new GroupOps(
                  name,
                  descriptions.getOrDefault(name, ""),
                  members.getOrDefault(name, List.of()),
                  list,
                  silent ? -1 : Fields.number(told, "last_enqueued_collective", -1),
                  silent ? -1 : Fields.number(told, "last_completed_collective", -1)));
        });
    return new RankDump(
        path,
        rank,
        Fields.text(top, "hostname"),
        "Flight Recorder " + version,
        groups,
        unnamed(status, named));
  }

  private static void checkMember(int rank, Map<String, List<Integer>> members) throws BrokenInput {
    boolean told = members.values().stream().anyMatch(ranks -> !ranks.isEmpty());
    if (told && members.values().stream().noneMatch(ranks -> ranks.contains(rank))) {
      throw new BrokenInput(
          0,
          "its name says rank "
              + rank
              + ", but none of its groups has that rank; is it of another job, or is"
              + " --rank-pattern wrong?");
    }
  }

  private static Map<String, List<Integer>> members(Map<?, ?> top) {
    Map<String, List<Integer>> members = new LinkedHashMap<>();
    Fields.map(top, "pg_config")
        .forEach(
            (key, group) -> {
              String name = Fields.text(group, "name");
              members.put(
                  name.isEmpty() ? String.valueOf(key) : name,
                  Fields.ranks(Fields.of(group, "ranks")));
            });
    return members;
  }

  /** Gloo retires every entry at once and never says that one started or ended. */
  private static boolean neverTellsEnds(List<? extends @Nullable Object> entries) {
    for (Object entry : entries) {
      boolean gloo = Fields.text(entry, "profiling_name").startsWith("gloo:");
      boolean retired = gloo || Fields.truth(entry, "retired");
      if (!retired
          || !"scheduled".equals(Fields.text(entry, "state"))
          || Fields.number(entry, "time_discovered_completed_ns", 0) > 0) {
        return false;
      }
    }
    return !entries.isEmpty();
  }

  private static OpRecord op(@Nullable Object entry, boolean silent) {
    String name = Fields.text(entry, "profiling_name");
    CollectiveOp op = CollectiveOp.named(name.substring(name.indexOf(':') + 1));
    boolean pair =
        Fields.truth(entry, "is_p2p") || op == CollectiveOp.SEND || op == CollectiveOp.RECV;
    Matcher ends = PAIR.matcher(name);
    int peer = pair && ends.find() ? (int) Fields.number(ends.group(3), -1) : -1;
    long created = Fields.number(entry, "time_created_ns", 0);
    long started = Fields.number(entry, "time_discovered_started_ns", 0);
    long ended = Fields.number(entry, "time_discovered_completed_ns", 0);
    double millis = Fields.decimal(entry, "duration_ms", Double.NaN);
    double seconds =
        !Double.isNaN(millis)
            ? millis / 1e3
            : started > 0 && ended > started ? (ended - started) / 1e9 : Double.NaN;
    return new OpRecord(
        Fields.number(entry, pair ? "p2p_seq_id" : "collective_seq_id", -1),
        op,
        name,
        peer,
        Fields.shape(Fields.of(entry, "input_sizes"))
            + Fields.shape(Fields.of(entry, "input_dtypes"))
            + " to "
            + Fields.shape(Fields.of(entry, "output_sizes"))
            + Fields.shape(Fields.of(entry, "output_dtypes")),
        silent ? OpRecord.State.UNKNOWN : state(entry, ended),
        created,
        seconds,
        Fields.number(entry, "timeout_ms", 0) / 1e3,
        where(entry));
  }

  private static OpRecord.State state(@Nullable Object entry, long ended) {
    String state = Fields.text(entry, "state");
    if (ended > 0 || "completed".equals(state) || Fields.truth(entry, "retired")) {
      return OpRecord.State.COMPLETED;
    }
    return "started".equals(state) ? OpRecord.State.STARTED : OpRecord.State.SCHEDULED;
  }

  private static String where(@Nullable Object entry) {
    for (Object frame : Fields.list(entry, "frames")) {
      String file = Fields.text(frame, "filename");
      if (!file.contains("torch/distributed") && !file.isEmpty()) {
        return file + ":" + Fields.text(frame, "line") + " " + Fields.text(frame, "name");
      }
    }
    return "";
  }

  private static List<RankDump.Status> unnamed(
      Map<?, ? extends @Nullable Object> status, Set<String> named) {
    List<RankDump.Status> unnamed = new ArrayList<>();
    status.forEach(
        (id, counts) -> {
          if (!named.contains(String.valueOf(id))) {
            unnamed.add(
                new RankDump.Status(
                    String.valueOf(id),
                    Fields.number(counts, "last_enqueued_collective", -1),
                    Fields.number(counts, "last_completed_collective", -1)));
          }
        });
    return unnamed;
  }
}
