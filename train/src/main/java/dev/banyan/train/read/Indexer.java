package dev.banyan.train.read;

import dev.banyan.core.UserInputException;
import dev.banyan.train.Example;
import dev.banyan.train.Example.Origin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.List;

/**
 * Reads every file once from front to back, checks that it is text and that every JSON line is an
 * example, and notes where the records are. So whatever is wrong with the data is said before
 * training starts.
 */
public final class Indexer {
  /** A text file longer than this is cut into records at the next blank line. */
  static final int TEXT_RECORD_BYTES = 1 << 18;

  /** Text without blank lines is cut at the next line end behind this. */
  static final int LONGEST_TEXT_RECORD_BYTES = 1 << 20;

  private final boolean skipBadLines;
  private final boolean lossy;
  private final MessageDigest digest;
  private final RecordIndex index = new RecordIndex();
  private long skipped;
  private long bytes;

  public Indexer(boolean skipBadLines, boolean lossy, MessageDigest digest) {
    this.skipBadLines = skipBadLines;
    this.lossy = lossy;
    this.digest = digest;
  }

  public RecordIndex index() {
    return index;
  }

  /** How many bad lines were left out. */
  public long skipped() {
    return skipped;
  }

  /** The bytes of all records. */
  public long bytes() {
    return bytes;
  }

  /** Adds the records of all files, numbered as in the list. */
  public void addAll(List<Source> sources) {
    for (int number = 0; number < sources.size(); number++) {
      Source source = sources.get(number);
      // a digest of each file with its kind: moved borders and other readers are other data
      var own = sha256();
      try (InputStream in = new DigestInputStream(source.open(), own)) {
        switch (source.kind()) {
          case JSONL -> addJsonLines(number, source, in);
          case TEXT -> addText(number, source, in);
          case HTML -> addPage(number, source, in);
        }
        update(digest, source.kind() + " ");
        digest.update(own.digest());
      } catch (IOException unreadable) {
        throw new UserInputException(
            "%s: cannot be read: %s".formatted(source.file(), unreadable.getMessage()), unreadable);
      }
    }
  }

  private void addJsonLines(int number, Source source, InputStream in) throws IOException {
    var lines = new Lines(in, source.file());
    while (lines.next()) {
      if (lines.isBlank()) {
        continue;
      }
      try {
        requireUtf8(source, lines.buffer(), lines.from(), lines.to(), lines.offset());
        String line =
            Records.decode(lines.buffer(), lines.from(), lines.length(), lines.offset() == 0);
        Example example = JsonExamples.read(line, new Origin(source.file(), lines.number()));
        if (!isEmpty(example)) {
          add(number, lines.offset(), lines.length(), lines.number());
        }
      } catch (UserInputException bad) {
        if (!skipBadLines) {
          throw bad;
        }
        skipped++;
      }
    }
  }

  private void addText(int number, Source source, InputStream in) throws IOException {
    var lines = new Lines(in, source.file());
    long start = 0;
    long startLine = 1;
    int length = 0;
    boolean visible = false;
    while (lines.next()) {
      requireUtf8(source, lines.buffer(), lines.from(), lines.to(), lines.offset());
      boolean blank = lines.isBlank();
      boolean cut =
          (blank && length > TEXT_RECORD_BYTES)
              || (length > 0 && length + (long) lines.length() > LONGEST_TEXT_RECORD_BYTES);
      if (cut) {
        if (visible) {
          add(number, start, length, startLine);
        }
        start = lines.offset();
        startLine = lines.number();
        length = 0;
        visible = false;
      }
      length += lines.length();
      visible |= !blank;
    }
    if (visible) {
      add(number, start, length, startLine);
    }
  }

  private void addPage(int number, Source source, InputStream in) throws IOException {
    byte[] page = in.readAllBytes();
    requireUtf8(source, page, 0, page.length, 0);
    if (!HtmlText.of(Records.decode(page, 0, page.length, true)).isBlank()) {
      add(number, 0, page.length, 1);
    }
  }

  private void add(int number, long offset, int length, long line) {
    index.add(number, offset, length, line);
    bytes += length;
  }

  private static boolean isEmpty(Example example) {
    return example instanceof Example.TextExample text && text.text().isBlank();
  }

  private void requireUtf8(Source source, byte[] buffer, int from, int to, long offset) {
    if (lossy) {
      return;
    }
    int invalid = Utf8.firstInvalid(buffer, from, to);
    if (invalid >= 0) {
      throw new UserInputException(
          "%s: byte %d (0x%02x) is not UTF-8; convert the file (iconv -t utf-8), or ask for --lossy"
                  .formatted(source.file(), offset + invalid - from, buffer[invalid] & 0xff)
              + (source.gzip() ? " (counted in the unpacked text)" : ""));
    }
  }

  /** A SHA-256, which every JDK has. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The digest of a string, for what is not in the files. */
  public static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }
}
