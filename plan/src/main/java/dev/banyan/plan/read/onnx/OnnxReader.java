package dev.banyan.plan.read.onnx;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.StepGraph;
import java.nio.ByteBuffer;

/** Reads ONNX models. */
public final class OnnxReader {
  private OnnxReader() {}

  /** Reads a model. */
  public static StepGraph read(String source, ByteBuffer data) {
    throw new UserInputException(source + ": ONNX, of " + data.limit() + " bytes");
  }
}
