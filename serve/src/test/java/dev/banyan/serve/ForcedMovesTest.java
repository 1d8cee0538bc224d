package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two engine processes, their sockets, and requests that never notice. */
final class ForcedMovesTest {
  @TempDir private Path folder;

  @Test
  void answersOfRequestsThatMovedAreThoseOfRequestsThatDidNot() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    ForcedMoves.Tally tally = ForcedMoves.run(model, 60, new Seed(3), Progress.none());
    assertThat(tally.moves()).isGreaterThanOrEqualTo(60);
    assertThat(tally.answers()).isGreaterThan(8);
    assertThat(tally.differing()).isZero();
    assertThat(tally.lost()).isZero();
    assertThat(tally.duplicated()).isZero();
  }
}
