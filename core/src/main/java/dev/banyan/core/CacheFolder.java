package dev.banyan.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/**
 * Where Banyan keeps what can be made again, native libraries among it: {@code $BANYAN_CACHE} or
 * {@code ~/.cache/banyan}; where that cannot be written, a folder of this user below the temporary
 * one.
 */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * A folder of the cache, made if it is not there.
   *
   * @throws MissingThingException when no folder can be written
   */
  public static Path of(String name) {
    String named = System.getenv("BANYAN_CACHE");
    Path cache =
        named != null && !named.isBlank()
            ? Path.of(named)
            : Path.of(System.getProperty("user.home", "/nonexistent"), ".cache", "banyan");
    Path wanted = cache.resolve(name);
    try {
      Files.createDirectories(wanted);
      // isWritable answers by permission bits; a read-only mount shows only on writing
      Files.delete(Files.createTempFile(wanted, "probe", null));
      return wanted;
    } catch (IOException readOnly) {
      return below(Path.of(System.getProperty("java.io.tmpdir")), name);
    }
  }

  /** A folder that is ours: code is loaded from it, so nobody else may own it. */
  static Path below(Path shared, String name) {
    String user = System.getProperty("user.name", "user");
    Path ours = shared.resolve("banyan-" + user);
    try {
      Files.createDirectories(ours);
      boolean safe =
          Files.isDirectory(ours, LinkOption.NOFOLLOW_LINKS)
              && Files.getOwner(ours).getName().equals(user);
      return Files.createDirectories(
          (safe ? ours : Files.createTempDirectory(shared, "banyan")).resolve(name));
    } catch (IOException noPlace) {
      throw new MissingThingException(
          "no folder can be written to unpack native libraries; set BANYAN_CACHE", noPlace);
    }
  }
}
