package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.read.RankDump.GroupOps;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * NCCL Inspector's JSON lines, format 4: header and metadata in every line, or once for the lines
 * that follow. A rank is known by its place in the largest communicator its process is in.
 */
public final class Inspector {
  /** What a user sets so that the files tell more than the defaults do. */
  public static final String SETTINGS =
      "NCCL Inspector writes only at the job's end, and nothing small, unless told otherwise: set"
          + " NCCL_PROFILER_PLUGIN to its library, NCCL_INSPECTOR_ENABLE=1,"
          + " NCCL_INSPECTOR_DUMP_THREAD_INTERVAL_MICROSECONDS=1000000,"
          + " NCCL_INSPECTOR_DUMP_VERBOSE=1 and NCCL_INSPECTOR_DUMP_DIR";

  private static final int MOST_TOLD = 20;

  private Inspector() {}

  private record Writer(String host, long pid) {}

  private record Comm(String id, String name, int rank, int ranks) {}

  /** Reads one file; it may hold several processes and communicators. */
  public static List<RankDump> read(byte[] bytes, String path, Consumer<Unreadable> broken) {
    Map<Writer, Map<Comm, List<OpRecord>>> processes = new LinkedHashMap<>();
    Object header = null;
    Object metadata = null;
    int told = 0;
    int at = 0;
    while (at < bytes.length) {
      int end = at;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      if (end > at && !new String(bytes, at, end - at, StandardCharsets.UTF_8).isBlank()) {
        try {
          Object line = JsonTree.read(java.util.Arrays.copyOfRange(bytes, at, end));
          Object ownHeader = Fields.of(line, "header");
          Object ownMetadata = Fields.of(line, "metadata");
          header = ownHeader == null ? header : ownHeader;
          metadata = ownMetadata == null ? metadata : ownMetadata;
          add(processes, header, metadata, line);
        } catch (BrokenInput e) {
          if (told++ < MOST_TOLD) {
            broken.accept(new Unreadable(path, at + e.offset(), e.reason()));
          }
        }
      }
      at = end + 1;
    }
    List<RankDump> dumps = new ArrayList<>();
    processes.forEach((process, comms) -> dumps.add(dump(path, process, comms)));
    return dumps;
  }

  private static void add(
      Map<Writer, Map<Comm, List<OpRecord>>> processes,
      @Nullable Object header,
      @Nullable Object metadata,
      @Nullable Object line)
      throws BrokenInput {
    Object perf = Fields.of(line, "coll_perf");
    boolean pair = perf == null;
    if (pair) {
      perf = Fields.of(line, "p2p_perf");
    }
    if (perf == null) {
      return;
    }
    long rank = Fields.number(header, "rank", -1);
    if (rank < 0 || rank > RankDump.MOST_RANKS) {
      throw new BrokenInput(0, "no header tells the rank of this line");
    }
    var process =
        new Writer(Fields.text(metadata, "hostname"), Fields.number(metadata, "pid", -1 - rank));
    var comm =
        new Comm(
            Fields.text(header, "id"),
            Fields.text(header, "comm_name"),
            (int) rank,
            (int) Fields.number(header, "n_ranks", 0));
    String name = Fields.text(perf, pair ? "p2p" : "coll");
    processes
        .computeIfAbsent(process, p -> new LinkedHashMap<>())
        .computeIfAbsent(comm, c -> new ArrayList<>())
        .add(
            new OpRecord(
                Fields.number(perf, pair ? "p2p_sn" : "coll_sn", -1),
                CollectiveOp.named(name),
                name,
                (int) Fields.number(perf, "p2p_peer", -1),
                Fields.number(perf, pair ? "p2p_msg_size_bytes" : "coll_msg_size_bytes", 0)
                    + " bytes",
                OpRecord.State.COMPLETED,
                0,
                Fields.number(perf, pair ? "p2p_exec_time_us" : "coll_exec_time_us", 0) * 1e-6,
                0,
                ""));
  }

  private static RankDump dump(String path, Writer process, Map<Comm, List<OpRecord>> comms) {
    Comm largest = null;
    for (Comm comm : comms.keySet()) {
      if (largest == null || comm.ranks() > largest.ranks()) {
        largest = comm;
      }
    }
    Map<String, GroupOps> groups = new TreeMap<>();
    comms.forEach(
        (comm, ops) ->
            groups.put(
                comm.id(),
                new GroupOps(
                    comm.name().isEmpty() ? comm.id() : comm.name() + " " + comm.id(),
                    "",
                    List.of(),
                    ops,
                    -1,
                    -1)));
    return new RankDump(
        path,
        largest == null ? 0 : largest.rank(),
        process.host(),
        "NCCL Inspector",
        List.copyOf(groups.values()),
        List.of());
  }
}
