package dev.banyan.serve.read;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.Trace;
import dev.banyan.serve.TraceRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whatever a trace holds, it is read or refused with a message, nothing else. */
class TraceFuzzTest {
  @FuzzTest
  void anyBytesAreReadOrRefused(byte[] bytes) throws IOException {
    Path file = Files.createTempFile("trace", "");
    try {
      Files.write(file, bytes);
      Trace trace = TraceReader.read(file);
      double before = 0;
      for (TraceRequest each : trace.requests()) {
        if (!(each.arrivalSeconds() >= before)) {
          throw new AssertionError("a request arrives at " + each.arrivalSeconds());
        }
        before = each.arrivalSeconds();
      }
    } catch (UserInputException refused) {
      // the wanted answer to most bytes
    } finally {
      Files.delete(file);
    }
  }
}
