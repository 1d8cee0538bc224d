package dev.banyan.serve.remote;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Whatever a backend says, it is read or refused, and what is passed on is what came. */
class RemoteFuzzTest {
  @FuzzTest
  void anyMetricsAreReadOrRefused(byte[] bytes) {
    try {
      var samples = PrometheusText.read(new String(bytes, StandardCharsets.UTF_8));
      for (Kind each : Kind.values()) {
        BackendLoad.of(each, samples)
            .ifPresent(
                report -> {
                  if (report.running() < 0 || report.waiting() < 0 || report.blockTokens() < 1) {
                    throw new AssertionError(report);
                  }
                });
      }
    } catch (UserInputException refused) {
      // the wanted answer to most bytes
    }
  }

  @FuzzTest
  void anyStreamIsCutIntoItsEvents(byte[] bytes) throws IOException {
    var events = new Events(new ByteArrayInputStream(bytes));
    var all = new ByteArrayOutputStream();
    Optional<Events.Event> next = events.next();
    while (next.isPresent()) {
      all.writeBytes(next.get().bytes());
      byte[] unused = TokenIds.hidden(next.get().bytes());
      next = events.next();
    }
    if (!Arrays.equals(all.toByteArray(), Arrays.copyOf(bytes, all.size()))) {
      throw new AssertionError("the events are not what came");
    }
  }
}
