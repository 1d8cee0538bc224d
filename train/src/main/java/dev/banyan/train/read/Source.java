package dev.banyan.train.read;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file of training data and how it is read.
 *
 * @param file the file as the user named it, or as it was found below a folder
 * @param kind told by the name, else by the first bytes
 * @param gzip whether it is compressed, told by its first two bytes
 */
public record Source(Path file, Kind kind, boolean gzip) {
  /** What a file holds. */
  public enum Kind {
    JSONL,
    TEXT,
    HTML
  }

  /**
   * The files that {@code inputs} name: a file is itself, a folder all files below it that end in
   * {@code .txt .md .html .htm .jsonl}, with or without {@code .gz}, in the order of their names.
   *
   * @throws UserInputException if an input is not there, or a folder has no such file
   */
  public static List<Source> find(Collection<Path> inputs) {
    var sources = new ArrayList<Source>();
    for (Path input : inputs) {
      if (Files.isDirectory(input)) {
        sources.addAll(below(input));
      } else if (Files.exists(input)) {
        sources.add(of(input));
      } else {
        throw new UserInputException("%s: no such file or folder".formatted(input));
      }
    }
    return sources;
  }

  /** Opens the text, unpacked if need be. */
  public InputStream open() throws IOException {
    InputStream in = Files.newInputStream(file);
    return gzip ? new GZIPInputStream(in, 1 << 16) : in;
  }

  private static List<Source> below(Path folder) {
    var files = new TreeSet<Path>();
    try (var walk = Files.walk(folder)) {
      walk.filter(file -> kindOf(file) != null && Files.isRegularFile(file)).forEach(files::add);
    } catch (IOException unreadable) {
      throw new UserInputException(
          "%s: cannot be listed: %s".formatted(folder, unreadable.getMessage()), unreadable);
    }
    if (files.isEmpty()) {
      throw new UserInputException(
          "%s: no file ends in .txt, .md, .html, .htm or .jsonl (or one of them with .gz)"
              .formatted(folder));
    }
    return files.stream().map(Source::of).toList();
  }

  private static Source of(Path file) {
    byte[] head;
    boolean gzip;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(512);
      gzip = head.length > 2 && (head[0] & 0xff) == 0x1f && (head[1] & 0xff) == 0x8b;
    } catch (IOException unreadable) {
      throw new UserInputException(
          "%s: cannot be read: %s".formatted(file, unreadable.getMessage()), unreadable);
    }
    if (gzip) {
      try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
        head = in.readNBytes(512);
      } catch (IOException broken) {
        throw new UserInputException(
            "%s: not a whole gzip file: %s".formatted(file, broken.getMessage()), broken);
      }
    }
    Kind kind = kindOf(file);
    if (kind == null && file.toString().endsWith(".json") && head.length > 0 && head[0] == '[') {
      throw new UserInputException(
          "%s: one JSON list; JSONL is expected, one object per line (jq -c '.[]' makes it)"
              .formatted(file));
    }
    return new Source(file, kind == null ? sniffed(head) : kind, gzip);
  }

  private static @Nullable Kind kindOf(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".gz")) {
      name = name.substring(0, name.length() - 3);
    }
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "jsonl", "ndjson" -> Kind.JSONL;
      case "txt", "md" -> Kind.TEXT;
      case "html", "htm" -> Kind.HTML;
      default -> null;
    };
  }

  private static Kind sniffed(byte[] head) {
    String start =
        new String(head, StandardCharsets.ISO_8859_1).stripLeading().toLowerCase(Locale.ROOT);
    if (start.startsWith("{\"") || start.startsWith("{ \"")) {
      return Kind.JSONL;
    }
    return start.startsWith("<!doctype html") || start.startsWith("<html") ? Kind.HTML : Kind.TEXT;
  }
}
