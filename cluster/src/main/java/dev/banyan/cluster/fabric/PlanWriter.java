package dev.banyan.cluster.fabric;

import dev.banyan.cluster.PlannedFlow;
import dev.banyan.cluster.RoutePlan;
import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.core.JsonGenerator;

/** Writes {@code banyan.routes} files: a heading and one line for each flow. */
public final class PlanWriter {
  private PlanWriter() {}

  public static void write(RoutePlan plan, Path file) throws IOException {
    AtomicFile.write(
        file,
        out -> {
          try (JsonGenerator json =
              Json.mapper()
                  .writer()
                  .without(tools.jackson.core.StreamWriteFeature.AUTO_CLOSE_TARGET)
                  .createGenerator(out)) {
            json.writeStartObject();
            json.writeStringProperty("format", "banyan.routes");
            json.writeStringProperty("version", "1.0");
            json.writeStringProperty("method", plan.method());
            json.writeName("flows");
            json.writeStartArray();
            for (PlannedFlow flow : plan.flows()) {
              json.writeRaw("\n");
              write(json, flow);
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeRaw("\n");
          }
        });
  }

  private static void write(JsonGenerator json, PlannedFlow flow) {
    json.writeStartObject();
    json.writeStringProperty("job", flow.job());
    json.writeNumberProperty("srcNic", flow.srcNic());
    json.writeNumberProperty("dstNic", flow.dstNic());
    json.writeNumberProperty("queuePair", flow.queuePair());
    json.writeNumberProperty("plane", flow.plane());
    if (flow.receivePlane() != flow.plane()) {
      json.writeNumberProperty("receivePlane", flow.receivePlane());
    }
    json.writeNumberProperty("spine", flow.spine());
    if (flow.lane() > 0) {
      json.writeNumberProperty("lane", flow.lane());
    }
    json.writeNumberProperty("weight", flow.weight());
    Integer port = flow.udpSourcePort();
    if (port != null) {
      json.writeNumberProperty("udpSourcePort", port.intValue());
    }
    json.writeEndObject();
  }
}
