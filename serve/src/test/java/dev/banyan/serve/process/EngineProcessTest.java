package dev.banyan.serve.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.GatewayCost;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.TokenRequest;
import dev.banyan.serve.wire.Wire;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An engine process, asked as its gateway asks it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class EngineProcessTest {
  /** A report that had it wait would make a policy give it away, or another instance come. */
  @Test
  void aRequestThatCanBeAdmittedIsReportedRunningAndNeverWaiting(@TempDir Path folder)
      throws Exception {
    Path profile = folder.resolve("slow.json");
    Json.write(profile, GatewayCost.SLOW);
    var settings = EngineSettings.paced(folder, profile.toString(), "round-robin");
    var heard = new LinkedBlockingQueue<Say>();
    try (EngineProcesses processes = EngineProcesses.of(settings)) {
      processes.start(0);
      try (Wire wire = Wire.connect(processes.await(0), "gateway")) {
        wire.start(heard::add, (migration, stage, index) -> null, () -> heard.add(new Say.Stop()));
        wire.say(new Say.Hello(true, 0));
        for (int request = 1; request <= 4; request++) {
          // all but the first come while a step of those before is computed
          wire.say(new Say.Submit(request, 1, asked(), new int[0], 0, 0));
          assertThat(runningBeforeTheFirstToken(request, heard)).isEqualTo(request);
        }
      }
    }
  }

  /** How many ran by the last report that came before a request's first token. */
  private static int runningBeforeTheFirstToken(long request, LinkedBlockingQueue<Say> heard)
      throws InterruptedException {
    int running = 0;
    while (true) {
      Say say = heard.take();
      assertThat(say).isNotInstanceOf(Say.Stop.class);
      if (say instanceof Say.Load load) {
        assertThat(load.figures().waiting()).isZero();
        assertThat(load.load().queue().requests()).isZero();
        running = load.figures().running();
      } else if (say instanceof Say.Tokens tokens
          && tokens.tokens().stream().anyMatch(each -> each.request() == request)) {
        return running;
      }
    }
  }

  private static TokenRequest asked() {
    return TokenRequest.greedy(new int[] {5, 6, 7}, 1000);
  }
}
