package dev.banyan.grow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The tiny model folders that transformers wrote. */
public final class Fixtures {
  private Fixtures() {}

  /** The names of all; never none. */
  public static List<String> models() {
    try (Stream<Path> folders = Files.list(model(""))) {
      List<String> names = folders.map(folder -> folder.getFileName().toString()).sorted().toList();
      if (names.isEmpty()) {
        throw new IllegalStateException("no model folders under " + model(""));
      }
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Path model(String name) {
    try {
      return Path.of(Objects.requireNonNull(Fixtures.class.getResource("/hf/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
