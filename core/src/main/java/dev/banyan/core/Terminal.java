package dev.banyan.core;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What standard error is: a terminal a line can be redrawn on, and how many columns wide, or a file
 * or pipe.
 */
public record Terminal(boolean live, int columns) {
  /** A file or pipe. */
  public static final Terminal NONE = new Terminal(false, 100);

  public Terminal {
    if (columns < 20) {
      columns = 20;
    }
  }

  /** This process's standard error. The launcher says in {@code banyan.terminal} if it is one. */
  static Terminal ofStandardError() {
    String told = System.getProperty("banyan.terminal");
    boolean terminal = told == null ? linkedToTerminal() : told.equals("true");
    return decide(terminal, System.getenv());
  }

  /** The decision alone: a terminal counts unless it is a dumb one. */
  static Terminal decide(boolean isTerminal, Map<String, String> environment) {
    if (!isTerminal || "dumb".equals(environment.get("TERM"))) {
      return NONE;
    }
    return new Terminal(true, columns(environment.get("COLUMNS")));
  }

  private static int columns(@Nullable String text) {
    try {
      return text == null ? 80 : Integer.parseInt(text.strip());
    } catch (NumberFormatException e) {
      return 80;
    }
  }

  /** Linux; elsewhere only the launcher knows. */
  private static boolean linkedToTerminal() {
    try {
      String to = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return to.startsWith("/dev/pts/") || to.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException | SecurityException e) {
      return false;
    }
  }
}
