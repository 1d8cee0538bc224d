package dev.banyan.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A process that replaces a file and a folder as fast as it can until it is killed. */
final class KilledWriter {
  static final int BYTES = 200_000;

  private KilledWriter() {}

  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0], "file");
    Path folder = Path.of(args[0], "folder");
    for (int version = Integer.parseInt(args[1]); ; version++) {
      byte[] content = content(version);
      try (AtomicFile open = AtomicFile.open(file)) {
        for (int from = 0; from < BYTES; from += 8192) {
          open.channel().write(ByteBuffer.wrap(content, from, Math.min(8192, BYTES - from)));
        }
        open.commit();
      }
      try (AtomicFolder open = AtomicFolder.open(folder)) {
        Files.write(open.folder().resolve("a"), content);
        Files.write(open.folder().resolve("b"), content);
        open.commit();
      }
      System.out.println(version);
    }
  }

  static byte[] content(int version) {
    byte[] content = new byte[BYTES];
    Arrays.fill(content, (byte) version);
    return content;
  }
}
