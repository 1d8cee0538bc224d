package dev.banyan.core;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Another process that writes the same target as the test. */
final class LivingWriter {
  private LivingWriter() {}

  /**
   * {@code committing TARGET ENDING} stands still in a commit; {@code racing TARGET COUNT} runs.
   */
  public static void main(String[] args) throws IOException {
    Path target = Path.of(args[1]);
    if (args[0].equals("racing")) {
      System.out.println("ready");
      for (int i = 0; i < Integer.parseInt(args[2]); i++) {
        AtomicFile.writeString(target, "x");
      }
      return;
    }
    AtomicFolder open = AtomicFolder.open(target);
    Files.writeString(open.folder().resolve("0"), "new", StandardCharsets.UTF_8);
    if (!args[2].isEmpty()) {
      Files.move(
          open.folder(), open.folder().resolveSibling(open.folder().getFileName() + args[2]));
    }
    System.out.println("ready");
    System.in.read();
  }
}
