package dev.banyan.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StoredTypeTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F8_E4M3", "F8_E5M2"})
  void everyCodeOfAnEightBitFloatIsWhatPyTorchSays(StoredType type) throws IOException {
    JsonNode golden =
        JSON.readTree(Files.readAllBytes(Fixtures.resource("/golden/float8.json")))
            .get(type.name());
    for (int code = 0; code < 256; code++) {
      var data = MemorySegment.ofArray(new byte[] {(byte) code});
      float expected = number(golden.get(code));
      assertThat(type.floatAt(data, 0)).as("code %d", code).isEqualTo(Float.valueOf(expected));
    }
  }

  @Test
  void everyHalfIsItsSignMantissaAndExponent() {
    for (int code = 0; code < 65536; code++) {
      int exponent = (code >> 10) & 31;
      int mantissa = code & 1023;
      double magnitude =
          exponent == 31
              ? (mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
              : exponent == 0
                  ? mantissa * Math.pow(2, -24)
                  : (1024 + mantissa) * Math.pow(2, exponent - 25);
      var data = MemorySegment.ofArray(new byte[] {(byte) code, (byte) (code >> 8)});
      assertThat((double) StoredType.F16.floatAt(data, 0))
          .isEqualTo(Double.valueOf(code < 32768 ? magnitude : -magnitude));
    }
  }

  @Test
  void aBfloat16IsTheUpperHalfOfAFloat() {
    for (int code = 0; code < 65536; code++) {
      var data = MemorySegment.ofArray(new byte[] {(byte) code, (byte) (code >> 8)});
      assertThat(StoredType.BF16.floatAt(data, 0))
          .isEqualTo(Float.valueOf(Float.intBitsToFloat(code << 16)));
    }
  }

  @Test
  void roundingToBfloat16TakesTheNearestAndTiesToEven() {
    var random = new Seed(7).stream("bf16");
    for (int i = 0; i < 100_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isNaN(value) || Math.abs(value) > 3e38f) {
        continue;
      }
      int bits = Float.floatToRawIntBits(value);
      float below = Float.intBitsToFloat(bits & 0xffff0000);
      float above = Float.intBitsToFloat((bits & 0xffff0000) + 0x10000);
      double toBelow = Math.abs((double) value - below);
      double toAbove = Math.abs((double) value - above);
      boolean up = toAbove < toBelow || (toAbove == toBelow && ((bits >> 16) & 1) == 1);
      float rounded = Float.intBitsToFloat(StoredType.toBfloat16(value) << 16);
      assertThat(rounded).isEqualTo(up ? above : below);
    }
    assertThat(Float.intBitsToFloat(StoredType.toBfloat16(Float.NaN) << 16)).isNaN();
  }

  @ParameterizedTest
  @EnumSource(
      value = StoredType.class,
      names = {"F64", "F32", "F16", "BF16"})
  void whatIsPutIsReadBack(StoredType type) {
    var data = MemorySegment.ofArray(new byte[4 * type.bytes()]);
    float[] values = {1.5f, -0.25f, 0f, 1024f};
    for (int i = 0; i < 4; i++) {
      type.putFloat(data, i, values[i]);
    }
    for (int i = 0; i < 4; i++) {
      assertThat(type.floatAt(data, i)).isEqualTo(values[i]);
    }
  }

  @Test
  void wholeNumbersAreNotWrittenAsFloats() {
    var data = MemorySegment.ofArray(new byte[8]);
    assertThatThrownBy(() -> StoredType.I32.putFloat(data, 0, 1f))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLargeUnsignedNumberRoundsAsAWhole() {
    var data = MemorySegment.ofArray(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1});
    assertThat(StoredType.U64.floatAt(data, 0)).isEqualTo(0x1p64f);
    assertThat(StoredType.I64.floatAt(data, 0)).isEqualTo(-1f);
  }

  static float number(JsonNode node) {
    return switch (node.isString() ? node.stringValue() : "") {
      case "nan" -> Float.NaN;
      case "inf" -> Float.POSITIVE_INFINITY;
      case "-inf" -> Float.NEGATIVE_INFINITY;
      default -> (float) node.doubleValue();
    };
  }
}
