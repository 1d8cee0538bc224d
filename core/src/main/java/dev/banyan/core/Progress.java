package dev.banyan.core;

import java.io.PrintStream;

/**
 * How far a long piece of work is. Steps may come from any thread, as often as it likes: most only
 * store two fields. Closing prints the last state and ends the line; where no step came, nothing is
 * printed.
 */
public interface Progress extends AutoCloseable {
  /**
   * The work has come this far.
   *
   * @param done units done since the very beginning, not since the last step
   * @param note a few words shown at the end of the line, for example {@code loss 2.31}
   */
  void step(long done, String note);

  default void step(long done) {
    step(done, "");
  }

  @Override
  void close();

  /** Shows nothing. */
  static Progress none() {
    return new Progress() {
      @Override
      public void step(long done, String note) {}

      @Override
      public void close() {}
    };
  }

  /**
   * A live bar when standard error is a terminal, otherwise one line every ten seconds.
   *
   * @param out where to, usually standard error
   * @param title what is being done, for example {@code train}
   * @param total units of work in all; 0 or less when not known
   * @param unit of {@code done}, for example {@code tokens}
   */
  static Progress open(PrintStream out, String title, long total, String unit) {
    return open(out, Terminal.ofStandardError(), title, total, unit);
  }

  /** The same for a known kind of terminal. */
  static Progress open(PrintStream out, Terminal terminal, String title, long total, String unit) {
    return new ProgressLine(out, terminal, System::nanoTime, title, total, unit);
  }
}
