package dev.banyan.train;

import dev.banyan.core.UserInputException;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.Example.Turn;
import dev.banyan.train.read.Indexer;
import dev.banyan.train.read.RecordIndex;
import dev.banyan.train.read.Records;
import dev.banyan.train.read.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;

/**
 * Training data that can be read by record number, so that any order can be replayed. Files are
 * JSONL ({@code text}, {@code messages}, {@code conversations}, alpaca), plain text, Markdown or
 * HTML, each also as {@code .gz}; folders stand for what is below them. All of it is read and
 * checked once when it is opened; in memory are 24 bytes per record. Safe for several threads.
 *
 * <p>A line of JSONL is a record, an HTML page is one, and so is a text file, except that one of
 * more than 256 KiB is cut at blank lines.
 */
public final class Corpus implements AutoCloseable {
  private final RecordIndex index;
  private final Records records;
  private final long skipped;
  private final long bytes;
  private final String fingerprint;

  /**
   * How strict the reader is.
   *
   * @param skipBadLines whether a line of JSONL that is no example is counted and left out
   * @param lossy whether bytes that are not UTF-8 become U+FFFD
   */
  public record Options(boolean skipBadLines, boolean lossy) {
    /** Whatever is wrong is refused. */
    public static final Options STRICT = new Options(false, false);
  }

  private Corpus(Indexer indexer, Records records, String fingerprint) {
    this.index = indexer.index();
    this.records = records;
    this.skipped = indexer.skipped();
    this.bytes = indexer.bytes();
    this.fingerprint = fingerprint;
  }

  /**
   * Opens files and folders.
   *
   * @throws UserInputException if one is missing, is not UTF-8 (file and byte), has a bad line
   *     (file and line), or if there is no record at all
   */
  public static Corpus open(Collection<Path> inputs, Options options) {
    List<Source> sources = Source.find(inputs);
    var digest = Indexer.sha256();
    Indexer.update(digest, options.toString());
    var indexer = new Indexer(options.skipBadLines(), options.lossy(), digest);
    indexer.addAll(sources);
    if (indexer.index().size() == 0) {
      throw new UserInputException(
          "there is no text in %s%s"
              .formatted(
                  inputs.stream().map(Path::toString).collect(Collectors.joining(", ")),
                  indexer.skipped() > 0
                      ? "; all %d lines are bad and were skipped".formatted(indexer.skipped())
                      : ""));
    }
    try {
      var records = new Records(sources, indexer.index());
      return new Corpus(indexer, records, HexFormat.of().formatHex(digest.digest()));
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot open the training data again", failed);
    }
  }

  /** How many records there are, at least one. */
  public int size() {
    return index.size();
  }

  /** Record {@code number}, from 0. */
  public Example record(int number) {
    if (number < 0 || number >= size()) {
      throw new IndexOutOfBoundsException("record %d of %d".formatted(number, size()));
    }
    return records.read(number);
  }

  /** The texts of all records in their order: of a conversation, its turns line by line. */
  public Iterator<String> texts() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size();
      }

      @Override
      public String next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return switch (record(next++)) {
          case TextExample text -> text.text();
          case ChatExample chat ->
              chat.turns().stream().map(Turn::text).collect(Collectors.joining("\n"));
        };
      }
    };
  }

  /** The bytes of all records as they stand in the unpacked files. */
  public long bytes() {
    return bytes;
  }

  /** How many bad lines were left out. */
  public long skipped() {
    return skipped;
  }

  /** SHA-256 of all files and of how they were read: the same data give the same records. */
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    try {
      records.close();
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot close the training data", failed);
    }
  }
}
