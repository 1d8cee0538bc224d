package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.read.RankDump.GroupOps;
import dev.banyan.core.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * PyTorch profiler traces (Kineto JSON), read as a stream: NCCL kernels and parameters carry their
 * group; Gloo's carry none, and are matched by order.
 */
public final class Kineto {
  private static final int MOST_OPS = 4_000_000;

  private Kineto() {}

  private record Op(
      String group, List<Integer> members, long seq, String name, double micros, double duration) {}

  /**
   * Reads one trace.
   *
   * @param rank of the file's name, used when the trace does not tell; −1 when none
   */
  public static RankDump read(InputStream in, String path, int rank) throws IOException {
    Object distributed = null;
    long base = 0;
    List<Op> kernels = new ArrayList<>();
    List<Op> calls = new ArrayList<>();
    List<Op> annotations = new ArrayList<>();
    try (JsonParser parser = Json.mapper().createParser(in)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new BrokenInput(0, "is no Kineto trace: it is no JSON object");
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "distributedInfo" -> distributed = parser.readValueAs(Object.class);
          case "baseTimeNanoseconds" -> base = Fields.number(parser.readValueAs(Object.class), 0);
          case "traceEvents" -> {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
              throw new BrokenInput(0, "is no Kineto trace: traceEvents is no list");
            }
            while (parser.nextToken() == JsonToken.START_OBJECT) {
              event(parser.readValueAs(Object.class), kernels, calls, annotations);
            }
          }
          default -> parser.skipChildren();
        }
      }
    } catch (JacksonException e) {
      var at = e.getLocation();
      String what = e.getOriginalMessage();
      throw new BrokenInput(
          at == null ? 0 : Math.max(0, at.getByteOffset()),
          what == null ? "is no JSON" : what.lines().findFirst().orElse("is no JSON"));
    }
    List<Op> ops = !kernels.isEmpty() ? kernels : !calls.isEmpty() ? calls : annotations;
    if (ops.isEmpty()) {
      throw new BrokenInput(0, "is a trace without collectives");
    }
    long told = Fields.number(distributed, "rank", rank);
    if (told < 0 || told > RankDump.MOST_RANKS) {
      throw new BrokenInput(0, "tells no rank, nor does its name");
    }
    return new RankDump(path, (int) told, "", "Kineto", groups(ops, base), List.of());
  }

  private static void event(
      @Nullable Object event, List<Op> kernels, List<Op> calls, List<Op> annotations)
      throws BrokenInput {
    if (!"X".equals(Fields.text(event, "ph"))) {
      return;
    }
    String name = Fields.text(event, "name");
    Object args = Fields.of(event, "args");
    String collective = Fields.text(args, "Collective name");
    String category = Fields.text(event, "cat");
    boolean gloo = name.startsWith("gloo:") && category.equals("user_annotation");
    if (collective.isEmpty() && !gloo) {
      return;
    }
    List<Op> to = gloo ? annotations : category.equals("kernel") ? kernels : calls;
    if (to.size() >= MOST_OPS) {
      throw new BrokenInput(0, "holds more than " + MOST_OPS + " collectives");
    }
    to.add(
        new Op(
            Fields.text(args, "Process Group Name"),
            Fields.ranks(Fields.of(args, "Process Group Ranks")),
            Fields.number(args, "Seq", -1),
            gloo ? name : collective,
            Fields.decimal(event, "ts", 0),
            Fields.decimal(event, "dur", 0)));
  }

  private static List<GroupOps> groups(List<Op> ops, long base) {
    Map<String, List<OpRecord>> records = new LinkedHashMap<>();
    Map<String, List<Integer>> members = new LinkedHashMap<>();
    for (Op op : ops) {
      List<OpRecord> list = records.computeIfAbsent(op.group(), g -> new ArrayList<>());
      members.putIfAbsent(op.group(), op.members());
      list.add(
          new OpRecord(
              op.seq() >= 0 ? op.seq() : list.size(),
              CollectiveOp.named(op.name()),
              op.name(),
              -1,
              "",
              OpRecord.State.COMPLETED,
              base + (long) (op.micros() * 1000),
              op.duration() * 1e-6,
              0,
              ""));
    }
    List<GroupOps> groups = new ArrayList<>();
    records.forEach(
        (name, list) ->
            groups.add(
                new GroupOps(
                    name.isEmpty() ? "all" : name,
                    "",
                    members.getOrDefault(name, List.of()),
                    list,
                    -1,
                    -1)));
    return groups;
  }
}
