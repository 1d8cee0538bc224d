package dev.banyan.cluster;

import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What to watch and how.
 *
 * @param paths event files and folders of them, followed while they grow; new files are found
 * @param httpHost address to listen at
 * @param httpPort 0 for any that is free, −1 for none
 * @param socket path of a Unix socket, or null for none
 * @param windowSeconds length of a window
 * @param sharedClock whether all ranks run on this machine and share its monotonic clock
 * @param nanoTime monotonic clock
 * @param wallMillis wall clock, since 1970
 */
public record WatchOptions(
    List<Path> paths,
    String httpHost,
    int httpPort,
    @Nullable Path socket,
    double windowSeconds,
    boolean sharedClock,
    LongSupplier nanoTime,
    LongSupplier wallMillis) {
  public WatchOptions {
    paths = List.copyOf(paths);
    if (httpPort < -1 || httpPort > 65_535) {
      throw new IllegalArgumentException("port " + httpPort + " is not within -1 and 65535");
    }
  }

  /** Nothing yet: no files, no port, no socket; windows of four seconds, clocks of their own. */
  public static WatchOptions standard() {
    return new WatchOptions(
        List.of(), "localhost", -1, null, 4, false, System::nanoTime, System::currentTimeMillis);
  }

  public WatchOptions withPaths(List<Path> followed) {
    return new WatchOptions(
        followed, httpHost, httpPort, socket, windowSeconds, sharedClock, nanoTime, wallMillis);
  }

  public WatchOptions withHttp(String host, int port) {
    return new WatchOptions(
        paths, host, port, socket, windowSeconds, sharedClock, nanoTime, wallMillis);
  }

  public WatchOptions withSocket(@Nullable Path path) {
    return new WatchOptions(
        paths, httpHost, httpPort, path, windowSeconds, sharedClock, nanoTime, wallMillis);
  }

  public WatchOptions withWindowSeconds(double seconds) {
    return new WatchOptions(
        paths, httpHost, httpPort, socket, seconds, sharedClock, nanoTime, wallMillis);
  }

  public WatchOptions withSharedClock(boolean shared) {
    return new WatchOptions(
        paths, httpHost, httpPort, socket, windowSeconds, shared, nanoTime, wallMillis);
  }
}
