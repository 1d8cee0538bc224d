package dev.banyan.cli.model;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A terminal with line editing, and with history kept in {@code $XDG_STATE_HOME/banyan} or {@code
 * ~/.local/state/banyan}. Ctrl-C clears a line that is being typed and stops an answer that is
 * being written; it never ends the program.
 */
final class TerminalScreen implements ChatScreen {
  private static final String PROMPT = "> ";

  private final Terminal terminal;
  private final LineReader reader;
  private final AtomicBoolean stopped;

  private TerminalScreen(Terminal terminal, LineReader reader, AtomicBoolean stopped) {
    this.terminal = terminal;
    this.reader = reader;
    this.stopped = stopped;
  }

  /** Opens the process's terminal. */
  static TerminalScreen open(Path folder) throws IOException {
    var stopped = new AtomicBoolean();
    Terminal terminal =
        TerminalBuilder.builder()
            .name("banyan chat " + folder.getFileName())
            .system(true)
            .nativeSignals(true)
            .signalHandler(
                signal -> {
                  if (signal == Terminal.Signal.INT) {
                    stopped.set(true);
                  }
                })
            .build();
    LineReader reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("banyan")
            .completer(new StringsCompleter(Talk.COMMANDS))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .option(LineReader.Option.HISTORY_IGNORE_SPACE, true)
            .build();
    Path history = history();
    if (history != null) {
      reader.setVariable(LineReader.HISTORY_FILE, history);
    }
    return new TerminalScreen(terminal, reader, stopped);
  }

  /** Where lines are kept; null when that cannot be written, which is no reason not to talk. */
  private static @Nullable Path history() {
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state == null || state.isBlank()
            ? Path.of(System.getProperty("user.home", "."), ".local", "state", "banyan")
            : Path.of(state, "banyan");
    try {
      Files.createDirectories(folder);
      return Files.isWritable(folder) ? folder.resolve("chat-history") : null;
    } catch (IOException readOnly) {
      return null;
    }
  }

  @Override
  public @Nullable String read() {
    while (true) {
      try {
        String line = reader.readLine(PROMPT);
        stopped.set(false);
        return line;
      } catch (UserInterruptException typed) {
        // Ctrl-C clears the line
      } catch (EndOfFileException ended) {
        return null;
      }
    }
  }

  @Override
  public void write(String piece) {
    terminal.writer().print(visible(piece));
    terminal.flush();
  }

  /** A model must not be able to move the cursor or to type for the person. */
  static String visible(String text) {
    return text.codePoints()
        .map(
            c -> Character.getType(c) == Character.CONTROL && c != '\n' && c != '\t' ? '\ufffd' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  @Override
  public void end(String remark) {
    terminal.writer().println();
    if (!remark.isEmpty()) {
      remark("[" + remark + "]");
    }
    terminal.flush();
  }

  @Override
  public void remark(String text) {
    text.lines().forEach(line -> terminal.writer().println(visible(line)));
    terminal.flush();
  }

  @Override
  public void fail(String message, UserInputException cause) {
    remark(message);
  }

  @Override
  public boolean isStopped() {
    return stopped.get();
  }

  @Override
  public void close() throws IOException {
    terminal.close();
  }
}
