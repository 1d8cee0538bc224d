package dev.banyan.grow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.model.BpeTrainer;
import dev.banyan.tensor.Libtorch;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.Trainer;
import dev.banyan.weights.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The target's gradients are its own: what a step adds to its moments tells whether they fit. */
class GrownMomentsTest {
  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
  }

  @BeforeEach
  void text() throws IOException {
    List<String> texts =
        Stream.iterate(1, i -> i + 1).limit(80).map(i -> i * i + " is " + i + " squared").toList();
    Files.writeString(
        folder.resolve("text.jsonl"),
        String.join("\n", texts.stream().map("{\"text\": \"%s\"}"::formatted).toList()));
    BpeTrainer.train(texts.iterator(), BpeTrainer.Options.of(300, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("tokenizer"), ChatFormat.ROLES);
  }

  static Stream<GrowthOptions> exact() {
    Size wider = new Size(36, null, 6, 3, 40, null);
    return Stream.of(
        GrowthOptions.to(new Size(48, 3, 8, 4, 56, null)).with(Width.DUPLICATE).withEven(true),
        GrowthOptions.to(wider).withEven(true),
        GrowthOptions.to(wider).withEven(true).with(Width.ZERO_EXTEND),
        GrowthOptions.to(wider).withEven(true).with(Width.DYADIC));
  }

  /** Growing moments and then training gives what training and then growing does. */
  @ParameterizedTest
  @MethodSource("exact")
  void aStepAfterGrowthHasTheMomentsOfGrowthAfterAStep(GrowthOptions options) {
    Path source = train("source", Map.of("tied", "false"));
    Path more = train("more", Map.of("start", source.toString(), "carry-optimizer", "true"));
    Path grown = grow(source, "grown", options);
    Path trained = train("trained", Map.of("start", grown.toString(), "carry-optimizer", "true"));
    Path expected = grow(more, "expected", options);
    try (var one = SafetensorsFile.open(trained.resolve("optimizer.safetensors"));
        var other = SafetensorsFile.open(expected.resolve("optimizer.safetensors"))) {
      assertThat(one.tensor("step").longAt(0))
          .isEqualTo(2)
          .isEqualTo(other.tensor("step").longAt(0));
      int compared = 0;
      for (String name : other.header().tensors().keySet()) {
        float[] want = name.equals("step") ? new float[0] : other.tensor(name).toFloats();
        float[] found = name.equals("step") ? want : one.tensor(name).toFloats();
        double largest = 0;
        for (float each : want) {
          largest = Math.max(largest, Math.abs(each));
        }
        for (int i = 0; i < want.length; i++) {
          if (want[i] != 0) { // what is new has no moments before and its own after
            assertThat((double) found[i])
                .as("%s %d", name, i)
                .isCloseTo(want[i], within(1e-4 * largest));
            compared++;
          }
        }
      }
      assertThat(compared).isGreaterThan(10_000);
    }
  }

  @Test
  void aModelWithoutMomentsCarriesNone() {
    Path source = train("source", Map.of("tied", "false"));
    assertThat(source.resolve("optimizer.safetensors")).exists();
    Path model = folder.resolve("source").resolve("model");
    Path grown = grow(model, "grown", GrowthOptions.to(new Size(36, null, null, null, null, null)));
    assertThat(grown.resolve("optimizer.safetensors")).doesNotExist();
  }

  private Path grow(Path source, String name, GrowthOptions options) {
    Path target = folder.resolve(name);
    Growth.run(source, target, Growth.plan(source, options), Progress.none());
    return target;
  }

  /** A step with rate zero: weights stay, moments move; the checkpoint after it. */
  private Path train(String name, Map<String, String> more) {
    Map<String, Object> keys = new LinkedHashMap<>(more);
    keys.put("out", folder.resolve(name).toString());
    keys.put("data", folder.resolve("text.jsonl").toString());
    keys.put("tokenizer", folder.resolve("tokenizer").toString());
    keys.put("hidden", "24");
    keys.put("layers", "2");
    keys.put("heads", "4");
    keys.put("kv-heads", "2");
    keys.put("ffn", "28");
    keys.put("length", "32");
    keys.put("rows", "4");
    keys.put("steps", "2");
    keys.put("checkpoint-every", "1");
    keys.put("learning-rate", "0");
    keys.put("clip", "0");
    TrainConfig config = TrainConfig.of(Settings.of(TrainConfig.SETTINGS).with(keys, "test"));
    Trainer.run(config, Progress.none());
    return folder.resolve(name).resolve("checkpoint-1");
  }
}
