package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RankPlaceTest {
  private static final Map<String, String> TORCHRUN =
      Map.of("RANK", "1", "WORLD_SIZE", "4", "MASTER_ADDR", "node0", "MASTER_PORT", "29500");

  @Test
  void torchrunSaysThePlaceOfAProcess() {
    RankPlace place = RankPlace.of(TORCHRUN).orElseThrow();
    assertThat(place.rank()).isEqualTo(1);
    assertThat(place.world()).isEqualTo(4);
    assertThat(place.host()).isEqualTo("node0");
    assertThat(place.port()).isEqualTo(29500);
    assertThat(RankPlace.of(Map.of("RANK", "1"))).isEmpty();
  }

  @Test
  void eachRestartOfTorchrunMeetsUnderAnotherPrefix() {
    String first = RankPlace.of(TORCHRUN).orElseThrow().prefix();
    assertThat(RankPlace.of(with("TORCHELASTIC_RESTART_COUNT", "1")).orElseThrow().prefix())
        .isNotEqualTo(first);
  }

  @Test
  void whatIsMissingOrWrongIsNamed() {
    var half = new HashMap<>(TORCHRUN);
    half.remove("MASTER_PORT");
    assertThatThrownBy(() -> RankPlace.of(half))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("MASTER_PORT is not");
    assertThatThrownBy(() -> RankPlace.of(with("RANK", "first")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("RANK is 'first'");
    assertThatThrownBy(() -> RankPlace.of(with("RANK", "4")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("rank is 4 and world is 4");
    assertThatThrownBy(() -> RankPlace.of(with("MASTER_PORT", "70000")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("port is 70000");
  }

  private static Map<String, String> with(String name, String value) {
    var changed = new HashMap<>(TORCHRUN);
    changed.put(name, value);
    return changed;
  }
}
