package dev.banyan.plan.write;

import dev.banyan.core.AtomicFile;
import dev.banyan.plan.MemoryPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes a plan as JSON, one key per line. */
public final class PlanWriter {
  private PlanWriter() {}

  /** Writes {@code plan} to {@code file}, atomically. */
  public static void write(MemoryPlan plan, Path file) throws IOException {
    AtomicFile.writeString(file, json(plan));
  }

  /** The text of the file. */
  public static String json(MemoryPlan plan) {
    return """
        {
          "format": "banyan.plan",
          "version": "1.0",
          "graph": "%s",
          "method": %s,
          "seed": %d,
          "alignment": %d,
          "peakBytes": %d,
          "lowerBoundBytes": %d,
          "boundOperator": %d,
          "boundLater": %s,
          "arenaBytes": %d,
          "order": %s,
          "offsets": %s
        }
        """
        .formatted(
            plan.graphHash(),
            StepDumpWriter.quoted(plan.method()),
            plan.seed(),
            plan.alignment(),
            plan.peakBytes(),
            plan.lowerBoundBytes(),
            plan.boundOperator(),
            compact(plan.boundLater()),
            plan.arenaBytes(),
            compact(plan.order()),
            compact(plan.offsets()));
  }

  private static String compact(List<? extends Number> numbers) {
    return numbers.toString().replace(" ", "");
  }
}
