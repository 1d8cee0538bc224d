package dev.banyan.train.write;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000L, 500_000_000);

  @Test
  void scalarsAreReadBackByAParserOfTheWireFormat(@TempDir Path folder) throws IOException {
    Path file;
    var scalars = new LinkedHashMap<String, Double>();
    scalars.put("loss/train", 2.5);
    scalars.put("tokens per second", 1e9);
    try (EventFile events = EventFile.create(folder.resolve("logs"), NOW)) {
      events.write(7, NOW, scalars);
      events.write(1L << 40, NOW, Map.of("é", Double.NaN));
      file = events.file();
    }
    assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.1700000000.");
    List<byte[]> records = records(Files.readAllBytes(file));
    assertThat(records).hasSize(3);
    Map<Integer, List<Object>> version = fields(records.getFirst());
    assertThat(at(version, 1)).containsExactly(1.7e9 + 0.5);
    assertThat(text(at(version, 3).getFirst())).isEqualTo("brain.Event:2");

    Map<Integer, List<Object>> event = fields(records.get(1));
    assertThat(at(event, 2)).containsExactly(7L);
    List<Object> values = at(fields((byte[]) at(event, 5).getFirst()), 1);
    assertThat(values).hasSize(2);
    Map<Integer, List<Object>> loss = fields((byte[]) values.getFirst());
    assertThat(text(at(loss, 1).getFirst())).isEqualTo("loss/train");
    assertThat(at(loss, 2)).containsExactly(2.5f);
    assertThat(at(fields((byte[]) values.get(1)), 2)).containsExactly(1e9f);
    assertThat(at(fields(records.get(2)), 2)).containsExactly(1L << 40);
  }

  @Test
  void theChecksumIsThatOfTheStandard() {
    // RFC 3720, B.4: CRC-32C of 32 zero bytes is 0x8a9136aa, of 32 bytes 0xff 0x62a8ab43
    assertThat(EventFile.maskedCrc(new byte[32], 0, 32)).isEqualTo(masked(0x8a9136aaL));
    var ones = new byte[32];
    java.util.Arrays.fill(ones, (byte) 0xff);
    assertThat(EventFile.maskedCrc(ones, 0, 32)).isEqualTo(masked(0x62a8ab43L));
  }

  @Test
  void aSecondFileInTheSameSecondHasANameOfItsOwn(@TempDir Path folder) throws IOException {
    try (EventFile one = EventFile.create(folder, NOW);
        EventFile other = EventFile.create(folder, NOW)) {
      assertThat(one.file()).isNotEqualTo(other.file());
    }
  }

  private static int masked(long crc) {
    return (int) (((crc >> 15) | (crc << 17)) + 0xa282ead8L);
  }

  /** TFRecords with both checksums looked at, by a bitwise CRC-32C of its own. */
  private static List<byte[]> records(byte[] file) {
    var buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    var records = new ArrayList<byte[]>();
    while (buffer.hasRemaining()) {
      int start = buffer.position();
      long length = buffer.getLong();
      assertThat(buffer.getInt())
          .isEqualTo(masked(crc(java.util.Arrays.copyOfRange(file, start, start + 8))));
      var data = new byte[(int) length];
      buffer.get(data);
      assertThat(buffer.getInt()).isEqualTo(masked(crc(data)));
      records.add(data);
    }
    return records;
  }

  private static long crc(byte[] data) {
    int crc = -1;
    for (byte value : data) {
      crc ^= value & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
      }
    }
    return ~crc & 0xffffffffL;
  }

  /** The fields of a protobuf message: varint → Long, 64 bits → Double, 32 → Float, bytes. */
  private static Map<Integer, List<Object>> fields(byte[] message) {
    var buffer = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    var fields = new LinkedHashMap<Integer, List<Object>>();
    while (buffer.hasRemaining()) {
      long tag = varint(buffer);
      Object value =
          switch ((int) (tag & 7)) {
            case 0 -> varint(buffer);
            case 1 -> buffer.getDouble();
            case 5 -> buffer.getFloat();
            case 2 -> {
              var bytes = new byte[(int) varint(buffer)];
              buffer.get(bytes);
              yield bytes;
            }
            default -> throw new AssertionError("wire type " + (tag & 7));
          };
      fields.computeIfAbsent((int) (tag >>> 3), field -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static long varint(ByteBuffer buffer) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = buffer.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static List<Object> at(Map<Integer, List<Object>> fields, int field) {
    return fields.getOrDefault(field, List.of());
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }
}
