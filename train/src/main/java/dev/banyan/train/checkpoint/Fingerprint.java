package dev.banyan.train.checkpoint;

import dev.banyan.core.UserInputException;
import dev.banyan.train.read.Indexer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.util.Collection;
import java.util.HexFormat;

/**
 * SHA-256 over the SHA-256 of each file: by it a run knows a model or a tokenizer again, wherever
 * it stands. Cost: one pass over the files.
 */
public final class Fingerprint {
  private Fingerprint() {}

  /**
   * The hash, in hexadecimal digits.
   *
   * @throws UserInputException when a file is missing or cannot be read
   */
  public static String of(Collection<Path> files) {
    var digest = Indexer.sha256();
    for (Path file : files) {
      try (InputStream in = Files.newInputStream(file)) {
        var own = Indexer.sha256();
        in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), own));
        digest.update(own.digest());
      } catch (NoSuchFileException absent) {
        throw new UserInputException(file + ": there is no such file", absent);
      } catch (IOException unreadable) {
        throw new UserInputException(
            "%s: cannot be read: %s".formatted(file, unreadable.getMessage()), unreadable);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
