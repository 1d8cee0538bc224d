package dev.banyan.train.write;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Writes scalars as TensorBoard reads them: a file {@code events.out.tfevents.<seconds>.<name>} of
 * TFRecords (length, masked CRC-32C of the length, data, masked CRC-32C of the data; little
 * endian), each a protobuf {@code Event} with {@code wall_time = 1}, {@code step = 2}, {@code
 * file_version = 3}, {@code summary = 5} (tensorflow/core/util/event.proto,
 * framework/summary.proto). Each write reaches the operating system at once, so a killed process
 * loses nothing it reported. Not safe for several threads.
 */
public final class EventFile implements AutoCloseable {
  private final FileChannel channel;
  private final Path file;

  private EventFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Begins a new file in {@code folder}, which is made if it is not there. A resumed run begins
   * another one; TensorBoard reads them in the order of their times.
   */
  public static EventFile create(Path folder, Instant now) throws IOException {
    Files.createDirectories(folder);
    long seconds = now.getEpochSecond();
    for (int number = 0; ; number++) {
      Path file =
          folder.resolve(
              "events.out.tfevents.%010d.%s.%d.%d"
                  .formatted(seconds, hostName(), ProcessHandle.current().pid(), number));
      if (Files.exists(file)) {
        continue;
      }
      var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      var events = new EventFile(file, channel);
      var version = new Message();
      version.fixed64(1, Double.doubleToRawLongBits(seconds(now)));
      version.bytes(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
      events.record(version.bytes());
      return events;
    }
  }

  /** The file being written. */
  public Path file() {
    return file;
  }

  /** Writes the values of one step, by tag. */
  public void write(long step, Instant now, Map<String, Double> scalars) throws IOException {
    var summary = new Message();
    for (var scalar : scalars.entrySet()) {
      var value = new Message();
      value.bytes(1, scalar.getKey().getBytes(StandardCharsets.UTF_8));
      value.fixed32(2, Float.floatToRawIntBits(scalar.getValue().floatValue()));
      summary.bytes(1, value.bytes());
    }
    var event = new Message();
    event.fixed64(1, Double.doubleToRawLongBits(seconds(now)));
    event.varint(2, step);
    event.bytes(5, summary.bytes());
    record(event.bytes());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void record(byte[] data) throws IOException {
    var record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 0, 8));
    record.put(data);
    record.putInt(maskedCrc(data, 0, data.length));
    record.flip();
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  /** CRC-32C, rotated right by 15 and shifted by a constant (tensorflow/core/lib/hash/crc32c.h). */
  static int maskedCrc(byte[] bytes, int from, int length) {
    var crc = new CRC32C();
    crc.update(bytes, from, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  private static double seconds(Instant now) {
    return now.getEpochSecond() + now.getNano() / 1e9;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9-]", "_");
    } catch (IOException unnamed) {
      return "localhost";
    }
  }

  /** The protobuf wire format, as far as events need it. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void varint(int field, long value) {
      raw((long) field << 3);
      raw(value);
    }

    void fixed64(int field, long value) {
      raw((long) field << 3 | 1);
      littleEndian(value, 8);
    }

    void fixed32(int field, int value) {
      raw((long) field << 3 | 5);
      littleEndian(value, 4);
    }

    void bytes(int field, byte[] value) {
      raw((long) field << 3 | 2);
      raw(value.length);
      out.writeBytes(value);
    }

    byte[] bytes() {
      return out.toByteArray();
    }

    private void littleEndian(long value, int length) {
      for (int i = 0; i < length; i++) {
        out.write((int) (value >>> (8 * i)));
      }
    }

    private void raw(long value) {
      long left = value;
      while ((left & ~0x7fL) != 0) {
        out.write((int) ((left & 0x7f) | 0x80));
        left >>>= 7;
      }
      out.write((int) left);
    }
  }
}
