package dev.banyan.grow.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.grow.Fixtures;
import dev.banyan.grow.rows.StoredRows;
import dev.banyan.weights.WeightFolder;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** The oracle of this room against logits that transformers recorded. */
class ReferenceForwardTest {

  /** The two others were recorded with rotary frequencies rounded to the stored type. */
  static List<String> models() {
    return Fixtures.models().stream()
        .filter(model -> !model.equals("mistral") && !model.equals("qwen2-moe"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("models")
  void givesTheLogitsTransformersRecorded(String model) {
    var oracle = Json.read(Fixtures.model(model).resolve("oracle.json"), JsonNode.class);
    try (var folder = WeightFolder.open(Fixtures.model(model))) {
      int row = 0;
      for (JsonNode ids : oracle.get("input_ids")) {
        int[] prompt = ids.valueStream().mapToInt(JsonNode::intValue).toArray();
        var trace =
            ReferenceForward.run(
                folder.config(),
                folder.expertNaming(),
                new StoredRows(folder),
                new int[][] {prompt});
        double apart = 0;
        for (int t = 0; t < prompt.length; t++) {
          for (int word = 0; word < folder.config().vocabSize(); word++) {
            double recorded = oracle.get("logits").get(row).get(t).get(word).doubleValue();
            apart = Math.max(apart, Math.abs(recorded - trace.logits()[word * prompt.length + t]));
          }
        }
        // recorded in f32
        assertThat(apart).isLessThan(5e-5);
        row++;
      }
    }
  }
}
