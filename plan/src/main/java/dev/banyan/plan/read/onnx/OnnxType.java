package dev.banyan.plan.read.onnx;

/** ONNX's element types (onnx.proto, TensorProto.DataType). */
final class OnnxType {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int BOOL = 9;

  private OnnxType() {}

  /** Bytes of an element; less than one counts as one, strings as nothing that is planned. */
  static long bytes(int type) {
    return switch (type) {
      case 4, 5, 10, 16 -> 2;
      case 1, 6, 12 -> 4;
      case 7, 11, 13, 14 -> 8;
      case 15 -> 16;
      default -> 1;
    };
  }

  /** PyTorch's name. */
  static String name(int type) {
    return switch (type) {
      case 1 -> "float32";
      case 2 -> "uint8";
      case 3 -> "int8";
      case 4 -> "uint16";
      case 5 -> "int16";
      case 6 -> "int32";
      case 7 -> "int64";
      case 8 -> "string";
      case 9 -> "bool";
      case 10 -> "float16";
      case 11 -> "float64";
      case 12 -> "uint32";
      case 13 -> "uint64";
      case 14 -> "complex64";
      case 15 -> "complex128";
      case 16 -> "bfloat16";
      default -> "type" + type;
    };
  }

  static boolean isKnown(int type) {
    return type >= 1 && type <= 23;
  }
}
