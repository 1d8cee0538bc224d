package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainSpeedTest {
  @Test
  void aPairIsOursAndWhatThePeerPrintedLast(@TempDir Path folder) throws IOException {
    // "python" here is a shell that runs a script with the peer's arguments
    Path peer = folder.resolve("peer.sh");
    Files.writeString(
        peer,
        """
        echo "some warning"
        [ "$2" = float32 ] && [ "$4" = 1 ] && [ "$6" = 1 ] && echo '{"medianTokensPerSecond": 0.5}'
        """);
    var options = new TrainSpeed.Options("f32", 1, 1, 1, Optional.of(Path.of("/bin/sh")), peer);
    var outcome = TrainSpeed.measure(options, folder, Progress.none());
    assertThat(outcome.pairs()).hasSize(1);
    var pair = outcome.pairs().getFirst();
    assertThat(pair.tokensPerSecond()).isPositive();
    assertThat(pair.peerTokensPerSecond()).contains(0.5);
    assertThat(outcome.medianRatio().orElseThrow())
        .isCloseTo(pair.tokensPerSecond() / 0.5, within(1e-6));
    Path broken = folder.resolve("broken.sh");
    Files.writeString(broken, "echo 'No module named torch'; exit 1\n");
    var missing = new TrainSpeed.Options("f32", 1, 1, 1, Optional.of(Path.of("/bin/sh")), broken);
    assertThatThrownBy(() -> TrainSpeed.peer(Path.of("/bin/sh"), missing))
        .isInstanceOf(MissingThingException.class)
        .hasMessageEndingWith("No module named torch");
  }

  @Test
  void theMiddleRatioCountsAndNoneWithoutAPeer() {
    var pairs =
        List.of(
            new TrainSpeed.Pair(300, Optional.of(100.0)),
            new TrainSpeed.Pair(150, Optional.of(100.0)),
            new TrainSpeed.Pair(90, Optional.of(100.0)));
    var outcome = new TrainSpeed.Outcome("f32", 2, pairs);
    assertThat(outcome.medianRatio()).contains(1.5);
    assertThat(outcome.medianTokensPerSecond()).isEqualTo(150);
    var alone = new TrainSpeed.Outcome("f32", 2, List.of(new TrainSpeed.Pair(9, Optional.empty())));
    assertThat(alone.medianRatio()).isEmpty();
    assertThat(alone.table().captionText()).contains("ours alone");
  }
}
