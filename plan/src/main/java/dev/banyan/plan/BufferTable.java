package dev.banyan.plan;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.read.CsvRows;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A layout problem as a table, the format of MiniMalloc (github.com/google/minimalloc): a header
 * that names the columns {@code id,lower,upper,size} in any order, one buffer per line, live from
 * step {@code lower} up to but not including {@code upper}; optionally {@code alignment} (bytes)
 * and {@code hint} (not used).
 *
 * @param ids one name per buffer, each once
 */
public record BufferTable(List<String> ids, Buffers buffers) {
  public BufferTable {
    ids = List.copyOf(ids);
    if (ids.size() != buffers.count()) {
      throw new IllegalArgumentException(ids.size() + " ids for " + buffers.count() + " buffers");
    }
  }

  /**
   * Reads a file.
   *
   * @throws UserInputException when it is no such table; the line says which line and column
   */
  public static BufferTable read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UserInputException(file + ": no such file; expected a CSV of id,lower,upper,size");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(file.toString(), in);
    }
  }

  /** Reads bytes that are called {@code name} in messages. */
  public static BufferTable parse(String name, byte[] csv) {
    try {
      return read(name, new ByteArrayInputStream(csv));
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory cannot fail to be read", e);
    }
  }

  /** The table with a column {@code offset}, as MiniMalloc writes its answers. Atomic. */
  public void write(Path file, Layout layout) throws IOException {
    AtomicFile.write(
        file,
        out -> {
          var lines = new StringBuilder("id,lower,upper,size,alignment,offset\n");
          for (int i = 0; i < ids.size(); i++) {
            Buffer each = buffers.get(i);
            lines
                .append(ids.get(i))
                .append(',')
                .append(each.lowerStep())
                .append(',')
                .append(each.upperStep())
                .append(',')
                .append(each.sizeBytes())
                .append(',')
                .append(each.alignmentBytes())
                .append(',')
                .append(layout.offsetBytes(i))
                .append('\n');
          }
          out.write(lines.toString().getBytes(StandardCharsets.UTF_8));
        });
  }

  private static BufferTable read(String name, InputStream in) throws IOException {
    CsvRows rows = CsvRows.open(name, in);
    List<String> ids = new ArrayList<>();
    List<Buffer> list = new ArrayList<>();
    Map<String, Long> lineOf = new HashMap<>();
    long sum = 0;
    while (rows.next()) {
      String id = rows.id();
      Long before = lineOf.putIfAbsent(id, rows.line());
      if (before != null) {
        throw rows.wrong("id '" + id + "' is also on line " + before + "; give each its own");
      }
      long lower = rows.number("lower", -Buffer.LARGEST, Buffer.LARGEST);
      long upper = rows.number("upper", -Buffer.LARGEST, Buffer.LARGEST);
      if (lower >= upper) {
        throw rows.wrong(
            "lower is %d and upper %d; upper is the first step at which the buffer is live no more, so it must be larger"
                .formatted(lower, upper));
      }
      long size = rows.number("size", 0, Buffer.LARGEST);
      long alignment = rows.has("alignment") ? rows.number("alignment", 1, Buffer.LARGEST) : 1;
      sum += size + alignment;
      if (sum > Buffer.LARGEST) {
        throw rows.wrong("the buffers up to here need more than 2^61 bytes together");
      }
      ids.add(id);
      list.add(new Buffer(size, lower, upper, alignment));
    }
    if (ids.isEmpty()) {
      throw new UserInputException(
          name + ": no buffers below the header; expected a line for each");
    }
    return new BufferTable(ids, new Buffers(list));
  }
}
