package dev.banyan.plan.write;

import dev.banyan.core.AtomicFile;
import dev.banyan.plan.Argument;
import dev.banyan.plan.Operator;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a graph as a step dump in one canonical form: keys in the schema's order, no white space.
 * The hash that ties a plan to its graph is the SHA-256 of that form without {@code torch} and
 * {@code frame}, which say nothing about the graph.
 */
public final class StepDumpWriter {
  private final Writer out;
  private final boolean remarks;

  private StepDumpWriter(Writer out, boolean remarks) {
    this.out = out;
    this.remarks = remarks;
  }

  /** Writes the whole dump as UTF-8; the stream stays open. */
  public static void write(StepGraph graph, OutputStream to) throws IOException {
    write(graph, to, true);
  }

  /** Writes {@code file}, gzip when its name ends in {@code .gz}, atomically. */
  public static void write(StepGraph graph, Path file) throws IOException {
    boolean gzip = file.toString().endsWith(".gz");
    AtomicFile.write(
        file,
        out -> {
          if (gzip) {
            var packed = new GZIPOutputStream(out);
            write(graph, packed, true);
            packed.finish();
          } else {
            write(graph, out, true);
          }
        });
  }

  /** The graph's SHA-256 in hexadecimal digits. */
  public static String hash(StepGraph graph) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      write(graph, new DigestOutputStream(OutputStream.nullOutputStream(), digest), false);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(StepGraph graph, OutputStream to, boolean remarks) throws IOException {
    var out = new OutputStreamWriter(to, StandardCharsets.UTF_8);
    new StepDumpWriter(out, remarks).graph(graph);
    out.flush();
  }

  private void graph(StepGraph graph) throws IOException {
    out.write("{\"format\":\"banyan.step\",\"version\":\"1.0\"");
    if (remarks) {
      out.write(",\"torch\":" + quoted(graph.producer().replaceFirst("^torch ", "")));
    }
    out.write(",\"storages\":[");
    each(graph.storages(), this::storage);
    out.write("],\"tensors\":[");
    each(graph.tensors(), this::tensor);
    out.write("],\"operators\":[");
    each(graph.operators(), this::operator);
    out.write("],\"results\":" + graph.results().toString().replace(" ", "") + "}");
  }

  private <T> void each(List<T> items, Consumer<T> writer) throws IOException {
    for (int i = 0; i < items.size(); i++) {
      put(i > 0 ? "," : "");
      writer.accept(items.get(i));
    }
  }

  private void put(String text) {
    try {
      out.write(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void storage(Storage storage) {
    put("{\"id\":" + storage.id() + ",\"bytes\":" + storage.bytes());
    put(",\"kind\":\"" + storage.kind().word() + "\",\"name\":" + quoted(storage.name()));
    put(storage.data().isEmpty() ? "}" : ",\"data\":" + quoted(storage.data()) + "}");
  }

  private void tensor(TensorSlot tensor) {
    put("{\"id\":" + tensor.id() + ",\"storage\":" + tensor.storage());
    put(",\"dtype\":" + quoted(tensor.dtype()));
    put(",\"shape\":" + tensor.shape().toString().replace(" ", ""));
    put(",\"strides\":" + tensor.strides().toString().replace(" ", ""));
    put(",\"offset\":" + tensor.offset() + "}");
  }

  private void operator(Operator operator) {
    put("{\"id\":" + operator.id() + ",\"name\":" + quoted(operator.name()));
    put(",\"target\":" + quoted(operator.target()) + ",\"args\":");
    arguments(operator.args());
    put(",\"kwargs\":{");
    String comma = "";
    for (Map.Entry<String, Argument> entry : operator.kwargs().entrySet()) {
      put(comma + quoted(entry.getKey()) + ":");
      argument(entry.getValue());
      comma = ",";
    }
    put("},\"outputs\":[");
    comma = "";
    for (var output : operator.outputs()) {
      put(comma + (output.isPresent() ? String.valueOf(output.getAsInt()) : "null"));
      comma = ",";
    }
    put("],\"reads\":" + operator.reads().toString().replace(" ", ""));
    put(",\"writes\":" + operator.writes().toString().replace(" ", ""));
    put(",\"random\":" + operator.random());
    put(remarks && !operator.frame().isEmpty() ? ",\"frame\":" + quoted(operator.frame()) : "");
    put("}");
  }

  private void arguments(List<Argument> arguments) {
    put("[");
    String comma = "";
    for (Argument argument : arguments) {
      put(comma);
      argument(argument);
      comma = ",";
    }
    put("]");
  }

  private void argument(Argument argument) {
    switch (argument) {
      case Argument.None none -> put("null");
      case Argument.Tensor tensor -> put("{\"tensor\":" + tensor.id() + "}");
      case Argument.Int whole -> put("{\"int\":" + whole.value() + "}");
      case Argument.Bool flag -> put("{\"bool\":" + flag.value() + "}");
      case Argument.Real real -> put("{\"float\":" + real(real.value()) + "}");
      case Argument.Word word -> put("{\"" + word.tag() + "\":" + quoted(word.value()) + "}");
      case Argument.Many many -> {
        put("{\"list\":");
        arguments(many.items());
        put("}");
      }
    }
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "\"nan\"";
    }
    return Double.isInfinite(value) ? (value > 0 ? "\"inf\"" : "\"-inf\"") : String.valueOf(value);
  }

  static String quoted(String text) {
    var quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < 0x20 || Character.isSurrogate(c)) {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
