package dev.banyan.grow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each way of growing does to the function, on random models in doubles. */
class GrowthTrialTest {
  static ModelConfig config(String family, int hidden, int layers, int heads, int groups, int ffn) {
    String json =
        """
        {"model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": %d, "intermediate_size": %d, "head_dim": 8, "vocab_size": 50,
         "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 64,
         "tie_word_embeddings": false}
        """
            .formatted(family, hidden, layers, heads, groups, ffn);
    return ModelConfig.parse("config.json", json.getBytes(StandardCharsets.UTF_8));
  }

  private static final ModelConfig LLAMA = config("llama", 24, 3, 4, 2, 40);

  private static Measured width(Width width, int hidden) {
    var options = GrowthOptions.to(new Size(hidden, null, null, null, null, null)).with(width);
    return Growth.trial(LLAMA, options, new Seed(3));
  }

  @Test
  void isometricIsExactWhereDuplicationIsNot() {
    assertThat(width(Width.ISOMETRIC, 30).maxRelativeError()).isLessThan(1e-12);
    assertThat(width(Width.DUPLICATE, 30).maxRelativeError()).isBetween(0.02, 2.0);
    assertThat(width(Width.DUPLICATE, 48).maxRelativeError()).isLessThan(1e-12);
    assertThat(width(Width.ZERO_EXTEND, 37).maxRelativeError()).isLessThan(1e-12);
    assertThat(width(Width.DYADIC, 37).maxRelativeError()).isLessThan(1e-12);
    assertThat(width(Width.DYADIC, 139).maxRelativeError()).isLessThan(1e-12);
    assertThat(width(Width.AKI, 48).maxRelativeError()).isGreaterThan(0.01);
  }

  @Test
  void zeroesChangeNoBit() {
    Size size = new Size(null, 5, 12, 4, 72, null);
    var options = GrowthOptions.to(size).with(Units.ZERO);
    assertThat(Growth.trial(LLAMA, options, new Seed(4)).bitwise()).isTrue();
    var duplicated = Growth.trial(LLAMA, options.with(Units.DUPLICATE), new Seed(4));
    assertThat(duplicated.bitwise()).isFalse();
    assertThat(duplicated.exact()).isTrue();
  }

  @ParameterizedTest
  @FieldSource("dev.banyan.grow.Trial#KINDS")
  void everyKindKeepsItsPromise(String kind) {
    for (int i = 0; i < 8; i++) {
      Trial trial = Trial.of(kind, i, new Seed(7));
      Measured measured = trial.measure();
      assertThat(measured.exactness())
          .as("%s %d: %s %s", kind, i, trial.options(), measured)
          .isLessThanOrEqualTo(trial.promised());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"duplicate-odd", "aki", "interpolate", "moe drop", "moe noise"})
  void whatPromisesNothingIsAnotherFunction(String kind) {
    Trial trial = Trial.of(kind, 0, new Seed(7));
    assertThat(trial.promised()).isEqualTo(Exactness.INEXACT);
    assertThat(trial.measure().maxRelativeError()).isGreaterThan(1e-4);
  }
}
