package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.PlanRow;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.read.export.ExportReader;
import dev.banyan.plan.read.hlo.HloReader;
import dev.banyan.plan.read.onnx.OnnxReader;
import dev.banyan.plan.read.wire.Wire;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Reads a graph in whatever format it is, told by its content, never by its name. */
public final class GraphReader {
  private static final long LIMIT_BYTES = Integer.MAX_VALUE - 8L;
  private static final int LIMIT_TEXT_BYTES = 1 << 30;
  private static final int HEAD_BYTES = 4096;

  private GraphReader() {}

  /** What a file begins like. */
  enum Format {
    STEP_DUMP,
    EXPORT,
    HLO_PROTO,
    HLO_TEXT,
    ONNX
  }

  /**
   * Reads {@code file}: a step dump, a {@code torch.export} archive, HLO as protobuf or text, ONNX.
   *
   * @throws UserInputException when it is missing, none of these, or makes no sense
   */
  public static StepGraph read(Path file) throws IOException {
    String source = file.toString();
    ByteBuffer data = open(file);
    return switch (format(source, data)) {
      case STEP_DUMP -> StepDumpReader.read(file);
      case EXPORT -> ExportReader.read(file);
      case HLO_PROTO -> HloReader.proto(source, data);
      case HLO_TEXT -> HloReader.text(source, text(source, data));
      case ONNX -> OnnxReader.read(source, data);
    };
  }

  /** XLA's own order and heap, when the file is a dump that has them. */
  public static Optional<PlanRow> own(Path file) throws IOException {
    ByteBuffer data = open(file);
    return format(file.toString(), data) == Format.HLO_PROTO
        ? HloReader.own(file.toString(), data)
        : Optional.empty();
  }

  private static ByteBuffer open(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new UserInputException(file + ": there is no such file");
    }
    if (!Files.isRegularFile(file)) {
      throw new UserInputException(file + ": is no file; a graph is one file");
    }
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() > LIMIT_BYTES) {
        throw new UserInputException(
            file + ": has " + channel.size() + " bytes; graphs have at most 2 GiB");
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
    }
  }

  static Format format(String source, ByteBuffer data) {
    byte[] head = new byte[Math.min(HEAD_BYTES, data.limit())];
    data.get(0, head);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    String begin = text.stripLeading();
    if (text.startsWith("\u001f\u008b") || begin.startsWith("{")) {
      return Format.STEP_DUMP;
    }
    if (text.startsWith("PK")) {
      return Format.EXPORT;
    }
    if (begin.startsWith("HloModule") || begin.startsWith("//")) {
      return Format.HLO_TEXT;
    }
    if (begin.startsWith("module ")
        || begin.startsWith("module@")
        || text.startsWith("ML\u00efR")) {
      throw new UserInputException(
          source
              + ": is MLIR (StableHLO), which has no reader; dump HLO with"
              + " XLA_FLAGS='--xla_dump_to=DIR --xla_dump_hlo_as_proto'");
    }
    if (head.length > 1 && (head[0] == 0x08 || head[0] == 0x0a)) {
      return protobuf(source, data);
    }
    throw new UserInputException(
        source
            + ": byte 0: begins like no graph; expected a step dump, a .pt2 archive, HLO (protobuf"
            + " or text) or ONNX");
  }

  /**
   * ONNX begins with a version number and has its graph in field 7; HLO has a module in field 1.
   */
  private static Format protobuf(String source, ByteBuffer data) {
    Wire wire = Wire.of(source, "the file", data);
    while (wire.next()) {
      if (wire.field() == 1) {
        return wire.isLength() ? Format.HLO_PROTO : Format.ONNX;
      }
      if (wire.field() == 7) {
        return Format.ONNX;
      }
    }
    return Format.HLO_PROTO;
  }

  private static String text(String source, ByteBuffer data) {
    if (data.limit() > LIMIT_TEXT_BYTES) {
      throw new UserInputException(
          source + ": has " + data.limit() + " bytes; HLO text of more than 1 GiB is not read");
    }
    byte[] bytes = new byte[data.limit()];
    data.get(0, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
