package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineProfileTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aProfileThatWasWrittenIsReadBack() throws IOException {
    Path file = folder.resolve("profile.json");
    Json.write(file, EngineProfile.LLAMA_7B_A10);
    assertThat(EngineProfile.named(file.toString())).isEqualTo(EngineProfile.LLAMA_7B_A10);
  }

  @Test
  void aFileThatDoesNotSayWhatAStepHoldsMeansWhatItMeantBefore() throws IOException {
    Path file = folder.resolve("profile.json");
    Json.write(file, PacedCluster.PROFILE);
    assertThat(EngineProfile.named(file.toString()).batching())
        .isEqualTo(EngineProfile.Batching.CHUNKED);
    String text = Files.readString(file);
    assertThat(text).contains("\"batching\"");
    Files.writeString(file, text.replace("\"batching\"", "\"other\""));
    assertThat(EngineProfile.named(file.toString()).batching())
        .isEqualTo(EngineProfile.Batching.PREFILL_FIRST);
  }

  @Test
  void wrongProfilesAreRefusedInOneLine() throws IOException {
    refused("\"seconds\" : 0.024", "\"seconds\" : NaN", "profile.json:");
    refused("\"seconds\" : 0.024", "\"seconds\" : -1", "decode.seconds is -1.0");
    refused("\"blocks\" : 851", "\"blocks\" : 0", "memory.blocks is 0.0");
    refused("\"copy\"", "\"kopy\"", "profile 'llama-7b-a10' has no 'copy'");
    assertThatThrownBy(() -> EngineProfile.named("llama-7b"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("built in are constant, llama-7b-a10");
  }

  private void refused(String right, String wrong, String message) throws IOException {
    Path file = folder.resolve("profile.json");
    Json.write(file, EngineProfile.LLAMA_7B_A10);
    String text = Files.readString(file);
    assertThat(text).contains(right);
    Files.writeString(file, text.replace(right, wrong));
    assertThatThrownBy(() -> EngineProfile.named(file.toString()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(message);
  }
}
