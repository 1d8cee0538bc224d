package dev.banyan.cli.model;

import dev.banyan.core.UserInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One question per line, answers alone on standard output; what goes wrong ends the program. */
final class PipeScreen implements ChatScreen {
  private final BufferedReader in;
  private final PrintWriter out;
  private final PrintWriter err;

  PipeScreen(InputStream in, PrintWriter out, PrintWriter err) {
    this.in =
        new BufferedReader(
            new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
    this.out = out;
    this.err = err;
  }

  @Override
  public @Nullable String read() {
    try {
      return in.readLine();
    } catch (CharacterCodingException e) {
      throw new UserInputException("standard input is not UTF-8", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void write(String piece) {
    out.print(piece);
    out.flush();
  }

  @Override
  public void end(String remark) {
    out.println();
    out.flush();
    if (!remark.isEmpty()) {
      err.println("[" + remark + "]");
    }
  }

  @Override
  public void remark(String text) {
    // nobody reads along
  }

  @Override
  public void fail(String message, UserInputException cause) {
    throw cause;
  }

  @Override
  public boolean isStopped() {
    return false;
  }

  @Override
  public void close() {}
}
