package dev.banyan.plan.read.onnx;

import dev.banyan.plan.read.wire.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node of an ONNX graph.
 *
 * @param domain empty for the operators of the standard
 */
record OnnxNode(
    String name,
    String type,
    String domain,
    List<String> inputs,
    List<String> outputs,
    Map<String, Attribute> attributes) {

  /** An attribute; numbers are in {@code longs} or {@code reals}. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Attribute(
      long[] longs, float[] reals, String text, @Nullable OnnxTensor tensor, boolean graph) {}

  static OnnxNode read(Wire wire) {
    String name = "";
    String type = "";
    String domain = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Attribute> attributes = new HashMap<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> inputs.add(wire.text());
        case 2 -> outputs.add(wire.text());
        case 3 -> name = wire.text();
        case 4 -> type = wire.text();
        case 5 -> attribute(wire.message("an attribute"), attributes);
        case 7 -> domain = wire.text();
        default -> {}
      }
    }
    return new OnnxNode(
        name.isEmpty() ? (outputs.isEmpty() ? type : outputs.getFirst()) : name,
        type,
        domain.equals("ai.onnx") ? "" : domain,
        List.copyOf(inputs),
        List.copyOf(outputs),
        attributes);
  }

  private static void attribute(Wire wire, Map<String, Attribute> into) {
    String name = "";
    long[] longs = {};
    float[] reals = {};
    String text = "";
    OnnxTensor tensor = null;
    boolean graph = false;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> name = wire.text();
        case 2 -> reals = new float[] {wire.real()};
        case 3 -> longs = new long[] {wire.number()};
        case 4 -> text = wire.text();
        case 5 -> tensor = OnnxTensor.read(wire.message("a tensor"));
        case 6, 11 -> graph = true;
        case 7 -> reals = wire.reals(reals);
        case 8 -> longs = wire.numbers(longs);
        default -> {}
      }
    }
    into.put(name, new Attribute(longs, reals, text, tensor, graph));
  }

  boolean has(String attribute) {
    return attributes.containsKey(attribute);
  }

  long number(String attribute, long otherwise) {
    Attribute found = attributes.get(attribute);
    return found == null || found.longs().length == 0 ? otherwise : found.longs()[0];
  }

  long @Nullable [] numbers(String attribute) {
    Attribute found = attributes.get(attribute);
    return found == null ? null : found.longs();
  }

  String text(String attribute, String otherwise) {
    Attribute found = attributes.get(attribute);
    return found == null ? otherwise : found.text();
  }

  /** Whether a graph lies inside (If, Loop, Scan). */
  boolean holdsGraph() {
    return attributes.values().stream().anyMatch(Attribute::graph);
  }

  /** The name of an input, empty when it is left out. */
  String input(int position) {
    return position < inputs.size() ? inputs.get(position) : "";
  }
}
