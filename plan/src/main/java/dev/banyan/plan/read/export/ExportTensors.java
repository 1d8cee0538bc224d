package dev.banyan.plan.read.export;

import dev.banyan.core.UserInputException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The {@code tensor_values} of an exported graph: sizes, strides and types by name. */
final class ExportTensors {
  private final String source;
  private final JsonNode values;

  ExportTensors(String source, JsonNode values) {
    this.source = source;
    this.values = values;
  }

  /** A tensor's metadata, in elements. */
  record Shape(String dtype, List<Long> sizes, List<Long> strides, long offset) {
    /** Bytes from the storage's start to the end of the last element. */
    long storageBytes() {
      long last = offset;
      for (int i = 0; i < sizes.size(); i++) {
        if (sizes.get(i) == 0) {
          return 0;
        }
        last = Math.addExact(last, Math.multiplyExact(sizes.get(i) - 1, strides.get(i)));
      }
      return Math.multiplyExact(Math.addExact(last, 1), bytesOf(dtype));
    }
  }

  boolean has(String name) {
    return !name.isEmpty() && values.has(name);
  }

  Shape shape(String name) {
    JsonNode value = values.path(name);
    if (!value.isObject()) {
      throw bad("tensor '" + name + "' has no entry in tensor_values");
    }
    List<Long> sizes = numbers(name, "size", value.path("sizes"));
    List<Long> strides = numbers(name, "stride", value.path("strides"));
    if (sizes.size() != strides.size()) {
      throw bad(
          "tensor '%s' has %d sizes and %d strides".formatted(name, sizes.size(), strides.size()));
    }
    long offset =
        value.has("storage_offset") ? number(name, "offset", value.path("storage_offset")) : 0;
    var shape = new Shape(dtype(value.path("dtype").asLong(-1)), sizes, strides, offset);
    if (shape.dtype().isEmpty()) {
      throw bad("tensor '" + name + "' has dtype " + value.path("dtype") + ", which is unknown");
    }
    try {
      shape.storageBytes();
    } catch (ArithmeticException e) {
      throw bad("tensor '" + name + "': its size overflows 64 bits");
    }
    return shape;
  }

  private List<Long> numbers(String name, String what, JsonNode list) {
    List<Long> numbers = new ArrayList<>();
    for (JsonNode each : list) {
      numbers.add(number(name, what, each));
    }
    return numbers;
  }

  private long number(String name, String what, JsonNode value) {
    JsonNode whole = value.path("as_int");
    if (!whole.isIntegralNumber() || !whole.canConvertToLong()) {
      String symbol = value.path("as_expr").path("expr_str").asString(value.toString());
      throw bad(
          "tensor '%s' has a symbolic %s, %s; export with fixed shapes (no dynamic_shapes)"
              .formatted(
                  name, what, symbol.length() > 60 ? symbol.substring(0, 60) + "…" : symbol));
    }
    if (whole.asLong() < 0) {
      throw bad("tensor '" + name + "' has a negative " + what + ", " + whole.asLong());
    }
    return whole.asLong();
  }

  /** PyTorch's name of a ScalarType number of the schema, empty when unknown. */
  static String dtype(long number) {
    return switch ((int) number) {
      case 1 -> "uint8";
      case 2 -> "int8";
      case 3 -> "int16";
      case 4 -> "int32";
      case 5 -> "int64";
      case 6 -> "float16";
      case 7 -> "float32";
      case 8 -> "float64";
      case 9 -> "complex32";
      case 10 -> "complex64";
      case 11 -> "complex128";
      case 12 -> "bool";
      case 13 -> "bfloat16";
      case 28 -> "uint16";
      case 29 -> "float8_e4m3fn";
      case 30 -> "float8_e5m2";
      case 31 -> "float8_e4m3fnuz";
      case 32 -> "float8_e5m2fnuz";
      case 33 -> "float8_e8m0fnu";
      case 34 -> "uint32";
      case 35 -> "uint64";
      default -> "";
    };
  }

  /** PyTorch's name of a MemoryFormat number of the schema. */
  static String memoryFormat(long number) {
    return switch ((int) number) {
      case 2 -> "channels_last";
      case 3 -> "channels_last_3d";
      case 4 -> "preserve_format";
      default -> "contiguous_format";
    };
  }

  static long bytesOf(String dtype) {
    return switch (dtype) {
      case "int16", "float16", "bfloat16", "uint16" -> 2;
      case "int32", "uint32", "float32", "complex32" -> 4;
      case "int64", "uint64", "float64", "complex64" -> 8;
      case "complex128" -> 16;
      default -> 1;
    };
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": " + what);
  }
}
