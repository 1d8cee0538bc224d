package dev.banyan.serve;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Stays of requests on instances in the Trace Event Format of Chrome, for chrome://tracing and
 * Perfetto: a process per instance, an asynchronous span per stay, so a request that moved appears
 * on each of its instances.
 */
public final class ChromeTrace {
  private ChromeTrace() {}

  /** Writes the stays of a simulation that was {@link Simulation#recording() recording}. */
  public static void write(Path file, PolicyOutcome outcome) throws IOException {
    AtomicFile.write(
        file,
        out -> {
          out.write("{\"traceEvents\":[\n".getBytes(StandardCharsets.UTF_8));
          boolean first = true;
          for (PolicyOutcome.Stay stay : outcome.spans()) {
            String begin = event(stay, "b", stay.fromSeconds());
            String end = event(stay, "e", stay.toSeconds());
            String text = (first ? "" : ",\n") + begin + ",\n" + end;
            out.write(text.getBytes(StandardCharsets.UTF_8));
            first = false;
          }
          out.write("\n]}\n".getBytes(StandardCharsets.UTF_8));
        });
  }

  private static String event(PolicyOutcome.Stay stay, String phase, double seconds) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("name", "request " + stay.request());
    event.put("cat", "request");
    event.put("ph", phase);
    event.put("id", stay.request());
    event.put("pid", stay.instance());
    event.put("tid", 0);
    event.put("ts", Math.round(seconds * 1e6));
    event.put("args", Map.of("generatedTokens", stay.generatedTokens()));
    return Json.mapper().writeValueAsString(event);
  }
}
