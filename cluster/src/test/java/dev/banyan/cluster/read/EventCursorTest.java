package dev.banyan.cluster.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.EventLine.Direction;
import dev.banyan.cluster.EventLineWriter;
import dev.banyan.cluster.Unreadable;
import dev.banyan.core.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Event lines there and back, in both forms, and held against another JSON library. */
class EventCursorTest {
  private final List<Unreadable> broken = new ArrayList<>();

  private static List<EventLine> lines(Random random, int count) {
    List<EventLine> lines = new ArrayList<>();
    lines.add(new EventLine.Hello("höst \"a\"\n", 3, 4711, 20_000, 5, 6));
    lines.add(new EventLine.Group("tp\\0", IntStream.range(0, 20_000).boxed().toList()));
    for (int i = 0; i < count; i++) {
      lines.add(
          switch (random.nextInt(6)) {
            case 0 -> new EventLine.Heartbeat(random.nextLong(1L << 60), 3, random.nextInt(99));
            case 1 -> new EventLine.Stat(0, 3, "T", "do_signal_stop");
            case 2 -> new EventLine.Gone(9, random.nextInt(9), "pid 12 is gone");
            default -> {
              boolean peer = random.nextBoolean();
              yield new EventLine.Event(
                  random.nextLong(Long.MAX_VALUE),
                  random.nextInt(100_000),
                  "comm " + random.nextInt(50) + (random.nextBoolean() ? "é\u0001" : ""),
                  random.nextLong(1L << 40),
                  CollectiveOp.of(random.nextInt(CollectiveOp.count())),
                  random.nextBoolean() ? "ring" : "",
                  random.nextLong(1L << 35),
                  random.nextInt(8),
                  peer ? random.nextInt(9) : -1,
                  peer ? (random.nextBoolean() ? Direction.TX : Direction.RX) : Direction.NONE,
                  EventKind.of(2 + random.nextInt(2)));
            }
          });
    }
    return lines;
  }

  private static EventLine line(EventCursor c) {
    if (c.line != null) {
      return c.line;
    }
    if (c.ev == EventKind.HB) {
      return new EventLine.Heartbeat(c.tNanos, c.rank, c.seq);
    }
    return new EventLine.Event(
        c.tNanos,
        c.rank,
        c.name(c.comm),
        c.seq,
        CollectiveOp.of(c.op),
        c.name(c.algo),
        c.bytes,
        c.channel,
        c.peer,
        Direction.values()[c.dir],
        c.ev);
  }

  private static List<EventLine> all(EventCursor cursor) throws IOException {
    List<EventLine> lines = new ArrayList<>();
    List<Integer> members = new ArrayList<>();
    while (cursor.next()) {
      EventLine line = line(cursor);
      if (line instanceof EventLine.Group group) {
        members.addAll(group.ranks());
        if (!cursor.more) {
          lines.add(new EventLine.Group(group.comm(), members));
        }
      } else {
        lines.add(line);
      }
    }
    return lines;
  }

  @Test
  void bothFormsBringBackWhatWasWritten() throws IOException {
    List<EventLine> lines = lines(new Random(1), 5000);
    var json = new ByteArrayOutputStream();
    var binary = new ByteArrayOutputStream();
    try (var a = EventLineWriter.json(json);
        var b = EventLineWriter.binary(binary)) {
      a.writeAll(lines);
      b.writeAll(lines);
    }
    assertThat(all(new JsonEventCursor(in(json.toByteArray()), "json", broken::add)))
        .isEqualTo(lines);
    assertThat(all(new BinaryEventCursor(in(binary.toByteArray()), "binary", broken::add)))
        .isEqualTo(lines);
    assertThat(broken).isEmpty();
    for (String text : json.toString(StandardCharsets.UTF_8).split("\n")) {
      assertThat(text.getBytes(StandardCharsets.UTF_8).length).isLessThanOrEqualTo(1 << 16);
    }
  }

  @Test
  void keysInAnyOrderWithSpacesEscapesAndUnknownOnesMeanTheSame() throws IOException {
    var random = new Random(2);
    for (EventLine line : lines(random, 400).subList(2, 402)) {
      var out = new ByteArrayOutputStream();
      try (var writer = EventLineWriter.json(out)) {
        writer.write(line);
      }
      @SuppressWarnings("unchecked")
      Map<String, Object> fields = Json.mapper().readValue(out.toByteArray(), Map.class);
      List<String> keys = new ArrayList<>(fields.keySet());
      Collections.shuffle(keys, random);
      var text = new StringBuilder(" {\t\"x\" : [1,{\"y\":\"}\\\"\"}] ");
      for (String key : keys) {
        text.append(" , \"").append(escaped(key, random)).append("\" :");
        Object value = fields.get(key);
        text.append(
            value instanceof String word
                ? '"' + escaped(word, random) + '"'
                : String.valueOf(value));
      }
      byte[] bytes = text.append(" } \r\n").toString().getBytes(StandardCharsets.UTF_8);
      assertThat(all(new JsonEventCursor(in(bytes), "json", broken::add)))
          .as(text.toString())
          .containsExactly(line);
    }
    assertThat(broken).isEmpty();
  }

  private static String escaped(String text, Random random) {
    var out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean escape = c < ' ' || c == '"' || c == '\\' || random.nextInt(4) == 0;
      out.append(escape ? String.format("\\u%04x", (int) c) : String.valueOf(c));
    }
    return out.toString();
  }

  @Test
  void brokenLinesAreListedWithTheirPlaceAndTheRestIsRead() throws IOException {
    String good = "{\"ev\":\"hb\",\"t_ns\":1,\"rank\":0,\"step\":2}\n";
    String text =
        good
            + "{\"ev\":\"hb\",\"t_ns\":x}\n"
            + "nonsense\n"
            + "{\"ev\":\"enter\",\"t_ns\":1,\"rank\":0}\n"
            + "{\"ev\":\"news\",\"t_ns\":1}\n"
            + "{\"ev\":\"hb\",\"t_ns\":1,\"rank\":99999999,\"step\":2}\n"
            + "x".repeat(200_000)
            + "\n"
            + good
            + "{\"ev\":\"hb\",\"t_";
    try (var cursor =
        new JsonEventCursor(in(text.getBytes(StandardCharsets.UTF_8)), "e", broken::add)) {
      assertThat(all(cursor)).hasSize(2);
      cursor.finish();
    }
    assertThat(broken).hasSize(6);
    assertThat(broken.get(0).offset()).isBetween((long) good.length(), good.length() + 22L);
    assertThat(broken.get(2).reason()).contains("no comm");
    assertThat(broken.get(4).reason()).contains("64 KiB");
    assertThat(broken.get(5).reason()).contains("no end");
  }

  @Test
  void binaryRecordsThatAreNoneArePassedByAndACutIsTold() throws IOException {
    var out = new ByteArrayOutputStream();
    try (var writer = EventLineWriter.binary(out)) {
      for (int i = 0; i < 10; i++) {
        writer.heartbeat(i, i, i);
      }
    }
    byte[] bytes = java.util.Arrays.copyOf(out.toByteArray(), out.size() - 5);
    bytes[8 + 2 * 48 + 45] = 77;
    try (var cursor = new BinaryEventCursor(in(bytes), "b", broken::add)) {
      assertThat(all(cursor)).hasSize(8);
      cursor.finish();
    }
    assertThat(broken).extracting(Unreadable::offset).containsExactly(8 + 2 * 48L, 8 + 9 * 48L);
  }

  private static ByteArrayInputStream in(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }
}
