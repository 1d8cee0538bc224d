package dev.banyan.world.write;

import dev.banyan.world.Written.WrittenFile;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A file that is hashed and counted while it is written. */
final class HashedFile implements Closeable {
  private final String name;
  private final OutputStream out;
  private final MessageDigest digest;
  private long bytes;

  HashedFile(Path folder, String name) throws IOException {
    this.name = name;
    this.out = new BufferedOutputStream(Files.newOutputStream(folder.resolve(name)), 1 << 16);
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  void write(byte[] block) throws IOException {
    digest.update(block);
    out.write(block);
    bytes += block.length;
  }

  void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Closes the file and says what it holds. */
  WrittenFile finish() throws IOException {
    close();
    return new WrittenFile(name, bytes, HexFormat.of().formatHex(digest.digest()));
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
