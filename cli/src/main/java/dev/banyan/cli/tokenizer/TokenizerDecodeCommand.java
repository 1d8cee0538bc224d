package dev.banyan.cli.tokenizer;

import dev.banyan.cli.frame.Common;
import dev.banyan.core.ExitCode;
import dev.banyan.core.UserInputException;
import dev.banyan.model.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan tokenizer decode}. */
@Command(
    name = "decode",
    description = "Print the text of token ids.",
    footer = "  banyan tokenizer decode tokenizer 17 4 211")
public final class TokenizerDecodeCommand implements Callable<ExitCode> {
  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "A model folder, or a tokenizer.json.")
  private Path folder = Path.of(".");

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "ID",
      description = "Token ids; from standard input if left out.")
  private List<String> ids = new ArrayList<>();

  @Option(names = "--skip-special", description = "Leave special tokens out.")
  private boolean skipSpecial;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(folder);
    List<String> words = ids.isEmpty() ? standardInput() : ids;
    int[] numbers = words.stream().mapToInt(word -> id(word, tokenizer)).toArray();
    String text = tokenizer.decode(numbers, skipSpecial);
    common.out().println(text);
    common.emit(common.result().put("text", text));
    return ExitCode.DONE;
  }

  private static List<String> standardInput() throws IOException {
    String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).strip();
    return text.isEmpty() ? List.of() : List.of(text.split("[\\s,]+"));
  }

  private int id(String word, Tokenizer tokenizer) {
    try {
      int id = Integer.parseInt(word);
      if (id >= 0 && id < tokenizer.vocabSize()) {
        return id;
      }
    } catch (NumberFormatException notANumber) {
      // said below
    }
    throw new UserInputException(
        "'%s' is no token id of %s; ids are 0 to %d"
            .formatted(word, folder, tokenizer.vocabSize() - 1));
  }
}
