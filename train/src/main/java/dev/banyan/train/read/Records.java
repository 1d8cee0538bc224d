package dev.banyan.train.read;

import dev.banyan.train.Example;
import dev.banyan.train.Example.Origin;
import dev.banyan.train.Example.TextExample;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads single records by number. A gzip file cannot be read from the middle, so it is unpacked
 * once into a temporary file that goes away on {@link #close}. Safe for several threads.
 */
public final class Records implements AutoCloseable {
  private final List<Source> sources;
  private final RecordIndex index;
  private final List<FileChannel> channels = new ArrayList<>();

  /** Opens all files. */
  public Records(List<Source> sources, RecordIndex index) throws IOException {
    this.sources = List.copyOf(sources);
    this.index = index;
    try {
      for (Source source : sources) {
        channels.add(source.gzip() ? unpacked(source) : FileChannel.open(source.file()));
      }
    } catch (IOException failed) {
      close();
      throw failed;
    }
  }

  /** Record {@code number}. */
  public Example read(int number) {
    Source source = sources.get(index.source(number));
    var origin = new Origin(source.file(), index.line(number));
    byte[] bytes = bytes(number, source);
    String text = decode(bytes, 0, bytes.length, index.offset(number) == 0);
    return switch (source.kind()) {
      case JSONL -> JsonExamples.read(text, origin);
      case TEXT -> new TextExample(origin, text.strip());
      case HTML -> new TextExample(origin, HtmlText.of(text));
    };
  }

  /** The text of these bytes; what is not UTF-8 becomes U+FFFD, a byte order mark goes. */
  static String decode(byte[] bytes, int from, int length, boolean startOfFile) {
    boolean mark =
        startOfFile
            && length >= 3
            && (bytes[from] & 0xff) == 0xef
            && (bytes[from + 1] & 0xff) == 0xbb
            && (bytes[from + 2] & 0xff) == 0xbf;
    int skip = mark ? 3 : 0;
    return new String(bytes, from + skip, length - skip, StandardCharsets.UTF_8);
  }

  private byte[] bytes(int number, Source source) {
    var buffer = ByteBuffer.allocate(index.length(number));
    FileChannel channel = channels.get(index.source(number));
    long offset = index.offset(number);
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new IOException(
              "%s: ends at byte %d, record %d reached to byte %d when the file was opened"
                  .formatted(source.file(), channel.size(), number, offset + buffer.capacity()));
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot read " + source.file(), failed);
    }
    return buffer.array();
  }

  private static FileChannel unpacked(Source source) throws IOException {
    Path copy = Files.createTempFile("banyan", ".unpacked");
    try (InputStream in = source.open()) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE);
  }

  @Override
  public void close() throws IOException {
    for (FileChannel channel : channels) {
      channel.close();
    }
  }
}
