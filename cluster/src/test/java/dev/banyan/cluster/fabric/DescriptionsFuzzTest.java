package dev.banyan.cluster.fabric;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.cluster.Topology;
import dev.banyan.core.UserInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Whatever a description holds, it is read or refused with a message, nothing else. */
class DescriptionsFuzzTest {
  @FuzzTest
  void anyTextIsReadOrRefused(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try {
      Topology topology = TopologyReader.parse("topology.yaml", text, Path.of("/nonexistent"));
      if (topology.nics() < 1) {
        throw new AssertionError("a fabric without NICs");
      }
    } catch (UserInputException refused) {
      // the wanted answer to most texts
    }
    try {
      JobsReader.parse("jobs.yaml", text);
    } catch (UserInputException refused) {
      // the same
    }
  }
}
