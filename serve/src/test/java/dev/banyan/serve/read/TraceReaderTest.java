package dev.banyan.serve.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.Trace;
import dev.banyan.serve.TraceRequest;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceReaderTest {
  private static final String AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  private static final String VIDUR = "arrived_at,num_prefill_tokens,num_decode_tokens\n";

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @CsvSource({
    "azure-2023.csv, azure, 20, 0, 374, 44",
    "azure-2024.csv, azure, 3, 0, 2162, 5",
    "burstgpt.csv, burstgpt, 98, 2, 16, 421",
    "burstgpt-sessions.csv, burstgpt, 36, 1, 41, 18",
    "vidur.csv, vidur, 2, 0, 374, 44",
    "splitwise.csv, splitwise, 2, 0, 512, 10",
    "mooncake.jsonl, mooncake, 12, 0, 6758, 500",
    "llmservingsim.jsonl, llmservingsim, 2, 0, 128, 64"
  })
  void everyFormatIsToldByItsFirstLine(
      String file, String format, int requests, int failed, int prompt, int output) {
    Trace trace = Trace.read(resource(file));
    assertThat(trace.format()).isEqualTo(format);
    assertThat(trace.requests()).hasSize(requests);
    assertThat(trace.failed()).isEqualTo(failed);
    TraceRequest first = trace.requests().getFirst();
    assertThat(first.arrivalSeconds()).isZero();
    assertThat(first.promptTokens()).isEqualTo(prompt);
    assertThat(first.outputTokens()).isEqualTo(output);
  }

  @Test
  void timesKeepTheirSevenDigits() {
    Trace trace = Trace.read(resource("azure-2023.csv"));
    assertThat(trace.requests().get(1).arrivalSeconds()).isCloseTo(4.314579, within(1e-6));
    assertThat(Trace.read(resource("azure-2024.csv")).requests().get(2).arrivalSeconds())
        .isCloseTo(0.010384, within(1e-6));
  }

  @Test
  void mooncakesPiecesAreKept() {
    Trace trace = Trace.read(resource("mooncake.jsonl"));
    assertThat(trace.requests().get(0).prefix()).startsWith(0, 1, 2);
    assertThat(trace.requests().get(1).prefix()).startsWith(0, 14);
    assertThat(trace.requests().get(1).prefixTokens()).isEqualTo(512);
  }

  @Test
  void wrongRowsAreNamedByTheirLine() throws IOException {
    refused(AZURE + "2023-11-16 18:15:46.68,374\n", "trace:2: has 2 fields");
    refused(AZURE + "yesterday,374,44\n", "trace:2: TIMESTAMP is 'yesterday'");
    refused(VIDUR + "0,374,44\n1,-5,44\n", "trace:3: num_prefill_tokens is -5.0");
    refused(VIDUR + "0,374,44000000\n", "trace:2: num_decode_tokens is 4.4E7");
    refused(VIDUR + "0,374,4.5\n", "trace:2: num_decode_tokens is 4.5");
    refused(VIDUR + "0,374,NaN\n", "trace:2: num_decode_tokens is 'NaN'");
    refused(VIDUR + "5,374,44\n4,374,44\n", "trace:3: arrives before the line above it");
    refused(
        "request_id,arrival_timestamp,prompt_size,token_size\n7,0,1,1\n7,1,1,1\n",
        "trace:3: request_id 7 came before");
    refused(
        """
        {"timestamp": 0, "input_length": 5, "output_length": 1}
        {"timestamp": 0, "input_length": "x", "output_length": 1}
        """,
        "trace:2: input_length is \"x\"");
    refused(
        "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 1}\n{nonsense\n", "trace:2");
  }

  @Test
  void whatIsNoTraceIsRefused() throws IOException {
    refused("", "is empty");
    refused("TIMESTAMP,ContextTokens\n1,2\n", "none of Azure, BurstGPT, Vidur or splitwise");
    refused(
        "arrived_at,num_prefil_tokens,num_decode_tokens\n",
        "is 'num_prefil_tokens' meant to be 'num_prefill_tokens'?");
    refused("{\"a\": 1}\n", "those of Mooncake");
    refused(VIDUR, "holds no request");
    assertThatThrownBy(() -> Trace.read(folder.resolve("nowhere.csv")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("there is no such file");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatThrownBy(() -> Trace.read(binary))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("is not UTF-8 text");
  }

  private void refused(String text, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("trace"), text);
    assertThatThrownBy(() -> Trace.read(file))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(message);
  }

  private static Path resource(String name) {
    try {
      return Path.of(TraceReaderTest.class.getResource("/traces/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
