package dev.banyan.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** A process that, told to stop, begins one file as any other and one as its last. */
final class LastWriter {
  private LastWriter() {}

  public static void main(String[] args) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> write(Path.of(args[0]))));
    System.out.println("ready");
    Thread.currentThread().join();
  }

  private static void write(Path folder) {
    try {
      AtomicFile.writeLast(folder.resolve("last"), "words");
      AtomicFile.writeString(folder.resolve("other"), "words");
    } catch (IllegalStateException e) {
      System.out.println(e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
