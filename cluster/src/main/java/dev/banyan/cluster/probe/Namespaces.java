package dev.banyan.cluster.probe;

import dev.banyan.core.MissingThingException;
import java.lang.foreign.Arena;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs pieces of work inside network namespaces of this machine. */
public final class Namespaces {
  private Namespaces() {}

  /**
   * Runs work on a thread of its own inside a namespace; sockets it opens belong there.
   *
   * @param path for example {@code /run/netns/blue}
   * @throws MissingThingException when it may not be entered (that takes root)
   */
  public static <T> FutureTask<T> start(String path, Callable<T> work) {
    var task =
        new FutureTask<>(
            () -> {
              try (Arena arena = Arena.ofConfined()) {
                var libc = new Libc(arena);
                if (!libc.enterNamespace(path)) {
                  throw new MissingThingException(
                      "cannot enter the network namespace "
                          + path
                          + " (error "
                          + libc.errno()
                          + "); are you root, and is it there?");
                }
              }
              return work.call();
            });
    // A platform thread: it takes its namespace with it when it ends.
    Thread.ofPlatform().daemon().name("in " + path).start(task);
    return task;
  }

  /** The same, and waits. */
  public static <T> T run(String path, Callable<T> work) {
    try {
      return start(path, work).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + path, e);
    }
  }
}
