package dev.banyan.plan.write;

import dev.banyan.core.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Python files that trace a PyTorch step and run it as planned, as they lie in the jar. */
public final class ExporterFiles {
  private static final List<String> NAMES = List.of("export_step.py", "apply_plan.py", "models.py");

  private ExporterFiles() {}

  /** Writes them into {@code folder}, which is made if missing; their paths. */
  public static List<Path> write(Path folder) throws IOException {
    List<Path> written = new ArrayList<>();
    for (String name : NAMES) {
      Path file = folder.resolve(name);
      AtomicFile.writeString(file, text(name));
      written.add(file);
    }
    return written;
  }

  /** The text of one of the files. */
  static String text(String name) throws IOException {
    try (InputStream in =
        ExporterFiles.class.getResourceAsStream("/dev/banyan/plan/export/" + name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
