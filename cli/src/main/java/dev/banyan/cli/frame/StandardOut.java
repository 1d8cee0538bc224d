package dev.banyan.cli.frame;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * Standard output and error in UTF-8 whatever the locale says. A PrintStream swallows what goes
 * wrong; here a closed pipe or a full disk ends the command.
 */
public final class StandardOut extends OutputStream {
  private final OutputStream to;

  StandardOut(OutputStream to) {
    this.to = to;
  }

  /** Standard output, flushed at line ends. */
  public static PrintStream out() {
    var file = new FileOutputStream(FileDescriptor.out);
    return new PrintStream(
        new StandardOut(new BufferedOutputStream(file, 1 << 13)), true, StandardCharsets.UTF_8);
  }

  /** Standard error; what goes wrong with it stays unsaid. */
  public static PrintStream err() {
    var file = new FileOutputStream(FileDescriptor.err);
    return new PrintStream(new BufferedOutputStream(file, 1 << 10), true, StandardCharsets.UTF_8);
  }

  @Override
  public void write(int b) {
    try {
      to.write(b);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    try {
      to.write(bytes, offset, length);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  @Override
  public void flush() {
    try {
      to.flush();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static RuntimeException broken(IOException e) {
    String message = e.getMessage();
    if (message != null && message.contains("Broken pipe")) {
      return new PipeClosedException(e);
    }
    return new UncheckedIOException("standard output: " + message, e);
  }
}
