package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.plan.read.StepDumpReader;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Training steps traced from PyTorch. The expected peaks were computed by another program before
 * this one was written, in gigabytes to four digits.
 */
class RealGraphsTest {
  @ParameterizedTest
  @CsvSource({
    "alexnet-1,      0.3855, 0.3020, 0.0000",
    "resnet50-1,     0.1655, 0.0945, 0.0000",
    "vgg16-32,       2.8607, 2.3433, 0.0005",
    "mobilenet_v2-1, 0.0855, 0.0793, 0.0005",
    "vit-1,          0.3504, 0.1520, 0.0200",
  })
  void aStepIsPlannedCloseToItsBound(String name, double program, double best, double gap)
      throws IOException {
    StepGraph graph = graph(name);
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
    PlanFigures figures = MemoryPlanner.figures(graph, plan);
    assertThat(Math.round(figures.programOrderPeakBytes() / 1e5) / 1e4).isEqualTo(program);
    assertThat(figures.peakBytes() / 1e9).isLessThan(best + 0.00005);
    assertThat(figures.orderGap()).isLessThanOrEqualTo(gap);
    assertThat(MemoryPlanner.check(graph, plan).faults()).isEmpty();
    assertThat(figures.cachingAllocatorBytes()).isGreaterThan(figures.arenaBytes());
    MemoryPlan again = MemoryPlanner.plan(graph, PlanOptions.standard());
    assertThat(again).as("the same bytes for the same seed").isEqualTo(plan);
  }

  static StepGraph graph(String name) throws IOException {
    String resource = "graphs/" + name + ".json.gz";
    try (InputStream in = RealGraphsTest.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException(resource + " is missing");
      }
      return StepDumpReader.read(name, in);
    }
  }
}
