package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteeringHookTest {
  @Test
  void commandsAreThoseOfTheSchedulers() {
    assertThat(SteeringHook.SLURM.isolate("node-7", "communicationHang on 1->2"))
        .containsExactly(
            "scontrol",
            "update",
            "NodeName=node-7",
            "State=DRAIN",
            "Reason=banyan: communicationHang on 1->2");
    assertThat(SteeringHook.KUBERNETES.isolate("node-7.cluster", "x"))
        .containsExactly("kubectl", "cordon", "node-7.cluster");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--all", "a b", "a;reboot", "$(id)", "a\nb"})
  void aNameThatIsNoHostIsRefused(String host) {
    assertThatThrownBy(() -> SteeringHook.SLURM.isolate(host, "x"))
        .isInstanceOf(UserInputException.class);
    assertThatThrownBy(() -> SteeringHook.KUBERNETES.isolate(host, "x"))
        .isInstanceOf(UserInputException.class);
  }

  @Test
  void aDrillIsReadOrRefused() {
    assertThat(Drill.of("STOP:1@200")).isEqualTo(new Drill("STOP", 1, 200));
    assertThatThrownBy(() -> Drill.of("HUP:1@2")).isInstanceOf(UserInputException.class);
    assertThatThrownBy(() -> Drill.of("STOP:1")).isInstanceOf(UserInputException.class);
  }
}
