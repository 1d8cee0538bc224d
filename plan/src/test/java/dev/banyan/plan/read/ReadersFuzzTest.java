package dev.banyan.plan.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.read.export.ExportReader;
import dev.banyan.plan.read.hlo.HloReader;
import dev.banyan.plan.read.onnx.OnnxReader;
import dev.banyan.plan.write.PlanWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * Files from strangers: whatever the bytes, a reader gives a sound graph or plan or refuses with
 * one line. The committed seeds run with every build; with JAZZER_FUZZ=1 new inputs are searched
 * for.
 */
class ReadersFuzzTest {
  @FuzzTest(maxDuration = "30s")
  void aStepDumpGivesAGraphThatCanBePlannedOrIsRefused(byte[] input) throws IOException {
    try {
      StepGraph graph =
          StepDumpReader.read("fuzz", new ByteArrayInputStream(input), 1 << 22, 100_000);
      MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(0.2));
      assertThat(MemoryPlanner.check(graph, plan).faults()).isEmpty();
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  @FuzzTest(maxDuration = "30s")
  void aPlanIsReadAsItIsWrittenOrRefused(byte[] input) throws IOException {
    try {
      MemoryPlan plan = PlanReader.read("fuzz", new ByteArrayInputStream(input));
      byte[] written = PlanWriter.json(plan).getBytes(StandardCharsets.UTF_8);
      assertThat(PlanReader.read("fuzz", new ByteArrayInputStream(written))).isEqualTo(plan);
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  @FuzzTest(maxDuration = "30s")
  void hloAsProtobufGivesAGraphThatCanBePlannedOrIsRefused(byte[] input) {
    planned(() -> HloReader.proto("fuzz", ByteBuffer.wrap(input)));
    planned(
        () -> {
          HloReader.own("fuzz", ByteBuffer.wrap(input));
          return HloReader.text("fuzz", new String(input, StandardCharsets.UTF_8));
        });
  }

  @FuzzTest(maxDuration = "30s")
  void hloAsTextGivesAGraphThatCanBePlannedOrIsRefused(byte[] input) {
    planned(() -> HloReader.text("fuzz", new String(input, StandardCharsets.UTF_8)));
  }

  @FuzzTest(maxDuration = "30s")
  void anOnnxModelGivesAGraphThatCanBePlannedOrIsRefused(byte[] input) {
    planned(() -> OnnxReader.read("fuzz", ByteBuffer.wrap(input)));
  }

  @FuzzTest(maxDuration = "30s")
  void anExportedProgramGivesAGraphThatCanBePlannedOrIsRefused(byte[] input) throws IOException {
    Path file = Files.createTempFile("fuzz", ".pt2");
    try {
      Files.write(file, input);
      ExportReader.read(file);
    } catch (UserInputException e) {
      assertThat(e.getMessage()).startsWith(file + ": ").doesNotContain("\n");
    } finally {
      Files.delete(file);
    }
    planned(() -> ExportReader.json("fuzz", input));
  }

  private static void planned(Supplier<StepGraph> reader) {
    try {
      StepGraph graph = reader.get();
      if (graph.operators().size() < 200) {
        MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(0.2));
        assertThat(MemoryPlanner.check(graph, plan).faults()).isEmpty();
      }
    } catch (UserInputException e) {
      assertOneLine(e);
    }
  }

  private static void assertOneLine(UserInputException e) {
    assertThat(e.getMessage()).startsWith("fuzz: ").doesNotContain("\n").hasSizeLessThan(2000);
  }
}
