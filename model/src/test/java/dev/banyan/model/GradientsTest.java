package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.tensor.Libtorch;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Gradients of every parameter against PyTorch's, recorded by interop/make_model_golden.py. */
class GradientsTest {
  @BeforeAll
  static void oneThread() {
    Libtorch.start(
        Libtorch.Use.INFERENCE, 1); // threads only get in each other's way on tiny models
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama-bias",
        "llama3-rope",
        "mistral",
        "qwen2-window",
        "qwen3",
        "mixtral",
        "qwen2-moe",
        "qwen3-moe"
      })
  void gradientsOfTheNextTokenLossArePyTorchs(String name) throws IOException {
    JsonNode golden =
        JsonMapper.builder()
            .build()
            .readTree(Files.readAllBytes(Oracle.resource("/golden/gradients-" + name + ".json")));
    int[][] ids = Oracle.of(name).ids();
    try (var model = LanguageModel.openTrainable(Oracle.folder(name), Precision.F32);
        var scope = Scope.open()) {
      Tensor loss = NextTokens.loss(model, ids);
      loss.backward();
      assertThat(loss.item()).isCloseTo(golden.get("loss").doubleValue(), within(1e-4));
      assertThat(model.parameters().keySet())
          .containsExactlyInAnyOrderElementsOf(golden.get("gradients").propertyNames());
      model
          .parameters()
          .forEach(
              (key, parameter) -> {
                JsonNode expected = golden.get("gradients").get(key);
                float[] gradient = parameter.grad().orElseThrow().toFloats();
                double sum = 0;
                double squares = 0;
                for (float value : gradient) {
                  sum += value;
                  squares += (double) value * value;
                }
                double size = Math.sqrt(expected.get(1).doubleValue());
                assertThat(sum)
                    .as(key)
                    .isCloseTo(expected.get(0).doubleValue(), within(1e-3 * size + 1e-6));
                assertThat(Math.sqrt(squares)).as(key).isCloseTo(size, within(1e-3 * size + 1e-7));
                for (int i = 0; i < 3 && i < gradient.length; i++) {
                  assertThat((double) gradient[i])
                      .as("%s[%d]", key, i)
                      .isCloseTo(expected.get(2 + i).doubleValue(), within(1e-3 * size + 1e-7));
                }
              });
    }
  }
}
