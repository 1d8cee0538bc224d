package dev.banyan.cli.model;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where questions come from and answers go: a terminal, or a pipe. */
interface ChatScreen extends AutoCloseable {
  /** The terminal where there is one, otherwise standard input and output. */
  static ChatScreen open(PrintWriter out, PrintWriter err, Path folder) throws IOException {
    return isTerminal() ? TerminalScreen.open(folder) : new PipeScreen(System.in, out, err);
  }

  /** Whether both input and output are a terminal. */
  @SuppressWarnings("SystemConsoleNull") // a JVM without a console module still has none
  private static boolean isTerminal() {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  /** The next line; null when there are no more. */
  @Nullable String read();

  /** A piece of an answer. */
  void write(String piece);

  /** The answer's end; {@code remark} says why it ended, empty where it ended itself. */
  void end(String remark);

  /** What is no answer, for the person alone. */
  void remark(String text);

  /**
   * A question that has no answer.
   *
   * @throws UserInputException where nobody is there to ask another one
   */
  void fail(String message, UserInputException cause);

  /** Whether the person wants no more of this answer. */
  boolean isStopped();

  @Override
  void close() throws IOException;
}
