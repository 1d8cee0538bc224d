package dev.banyan.cli.tokenizer;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan tokenizer encode}. */
@Command(
    name = "encode",
    description = "Print the token ids of a text.",
    footer = "  banyan tokenizer encode tokenizer \"a text\"")
public final class TokenizerEncodeCommand implements Callable<ExitCode> {
  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "A model folder, or a tokenizer.json.")
  private Path folder = Path.of(".");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TEXT",
      description = "The text; standard input if left out.")
  private @Nullable String text;

  @Option(names = "--add-special", description = "Add what the post-processor adds, as <s>.")
  private boolean addSpecial;

  @Option(names = "--tokens", description = "Print one token per line: its id and its text.")
  private boolean tokens;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(folder);
    int[] ids = tokenizer.encode(text == null ? standardInput() : text, addSpecial);
    if (tokens) {
      for (int id : ids) {
        common.out().printf("%d\t%s%n", id, tokenizer.token(id).orElse(""));
      }
    } else {
      common
          .out()
          .println(Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
    common.emit(common.result().put("ids", ids).put("count", ids.length));
    return ExitCode.DONE;
  }

  private static String standardInput() throws IOException {
    byte[] bytes = System.in.readAllBytes();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException bad) {
      throw new UserInputException("standard input: not UTF-8 text", bad);
    }
  }
}
