package dev.banyan.weights;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SafetensorsFileTest {
  @TempDir Path folder;

  @Test
  void everyElementTypeHasTheValuesPyTorchWrote() throws IOException {
    JsonNode golden =
        JsonMapper.builder()
            .build()
            .readTree(Files.readAllBytes(Fixtures.resource("/golden/every-type.json")));
    try (var file = SafetensorsFile.open(Fixtures.resource("/golden/every-type.safetensors"))) {
      assertThat(file.header().tensors().keySet())
          .containsExactlyInAnyOrderElementsOf(golden.propertyNames());
      assertThat(file.header().metadata()).isEqualTo(Map.of("format", "pt"));
      for (String name : golden.propertyNames()) {
        StoredTensor tensor = file.tensor(name);
        JsonNode expected = golden.get(name).get("floats");
        assertThat(tensor.shape().toString().replace(" ", ""))
            .isEqualTo(golden.get(name).get("shape").toString());
        float[] values = tensor.toFloats();
        assertThat(values).hasSize(expected.size());
        for (int i = 0; i < values.length; i++) {
          assertThat(values[i])
              .as("%s[%d]", name, i)
              .isEqualTo(StoredTypeTest.number(expected.get(i)));
        }
      }
    }
  }

  @Test
  void aNewHeaderIsTheOneTheLibraryWrites() throws IOException {
    Path golden = Fixtures.resource("/golden/every-type.safetensors");
    try (var file = SafetensorsFile.open(golden)) {
      var shuffled =
          file.header().tensors().values().stream()
              .map(SafetensorsHeader.Placed::spec)
              .sorted((a, b) -> a.name().compareTo(b.name()))
              .toList();
      var header = SafetensorsHeader.of(shuffled, Map.of("format", "pt"));
      byte[] written = header.encoded().array();
      assertThat(Files.readAllBytes(golden)).startsWith(written);
      assertThat(header.fileBytes()).isEqualTo(Files.size(golden));
    }
  }

  @Test
  void namesThatNeedEscapingSurvive() throws IOException {
    var spec = TensorSpec.of("a\"b\\c\n\u0001ü😀", StoredType.U8, 1);
    var header = SafetensorsHeader.of(List.of(spec), Map.of("k\"", "v\t"));
    Path path = write(header.encoded(), 1);
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.header().tensors().keySet()).containsExactly(spec.name());
      assertThat(file.header().metadata()).containsExactly(Map.entry("k\"", "v\t"));
    }
  }

  @Test
  void aFileOfFiveGigabytesIsReadAtItsEnd() throws IOException {
    long elements = 2_500_000_000L;
    var header =
        SafetensorsHeader.of(
            List.of(
                TensorSpec.of("big", StoredType.BF16, 2, elements / 2),
                TensorSpec.of("last", StoredType.U8, 1)),
            Map.of());
    Path path = folder.resolve("sparse.safetensors");
    try (var channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(header.encoded(), 0);
      channel.write(ByteBuffer.wrap(new byte[] {(byte) 0x80, 0x3f, 9}), header.fileBytes() - 3);
    }
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.tensor("big").floatAt(elements - 1)).isEqualTo(1f);
      assertThat(file.tensor("last").longAt(0)).isEqualTo(9);
      assertThatThrownBy(() -> file.tensor("big").toFloats())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("read it in blocks");
    }
    Files.delete(path);
  }

  @Test
  void aClosedFileIsNotRead() throws IOException {
    var file = SafetensorsFile.open(Fixtures.resource("/golden/every-type.safetensors"));
    StoredTensor scalar = file.tensor("scalar");
    assertThat(scalar.floatAt(0)).isEqualTo(7f);
    file.close();
    assertThatThrownBy(() -> scalar.floatAt(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aHeaderLongerThanTheFileIsRefused() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.write(path, new byte[] {100, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
    assertRefused(path, "byte 0 says the header has 100 bytes, but the file has 10");
    Files.write(path, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'});
    assertRefused(path, "byte 0 says the header has 18446744073709551615 bytes");
    Files.write(path, new byte[] {2, 0, 0});
    assertRefused(path, "has 3 bytes; a safetensors file begins with an 8-byte length");
  }

  @Test
  void aHeaderOfMoreThanAHundredMegabytesIsRefused() throws IOException {
    Path path = folder.resolve("x.safetensors");
    try (var channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 16, 0, 0, 0, 0}));
      channel.write(ByteBuffer.wrap(new byte[1]), 300_000_000);
    }
    assertRefused(path, "the header has 268435456 bytes; the format allows 100000000");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "not json                                          | does not start with '{'",
        "{\"a\":                                           | is not valid JSON at byte",
        "{} {}                                             | goes on after its closing brace",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}         | tensor 'a' needs dtype, shape and",
        "{\"a\":{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}} | 'a' has dtype Q4; Banyan reads BOOL",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | 'a' has 4 bytes (data_offsets [0, 4]), but F32 [2] takes 8",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | expected [begin, end]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}} | 'a' ends at byte 12 of the data, which has 8 bytes",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}} | 'a' begins at byte 4 of the data, after a gap: expected 0",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}} | the tensors take 4 bytes, but 8 follow",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}} | tensor 'b' begins at byte 4 of the data, inside another tensor: expected 8",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}} | Duplicate",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[-8],\"data_offsets\":[0,8]}} | shape has the negative number -8",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8.0],\"data_offsets\":[0,8]}} | expected whole numbers in shape",
        "{\"a\":{\"dtype\":\"F64\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}} | more bytes than a file can have",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}} | is not valid JSON at byte",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"x\":1}} | unknown key 'x'",
        "{\"a\":[]}                                        | expected an object with dtype",
        "{\"__metadata__\":{\"a\":1}}                      | expected an object of strings",
      })
  void aWrongHeaderIsRefusedWithTheTensorAndThePlace(String header, String message)
      throws IOException {
    byte[] json = header.strip().getBytes(UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    Path path = write(bytes.putLong(json.length).put(json).flip(), 8);
    assertRefused(path, message.strip());
  }

  @Test
  void theOrderOfTheHeaderNeedNotBeTheOrderOfTheData() throws IOException {
    byte[] json =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]},\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}"
            .getBytes(UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    Path path = write(bytes.putLong(json.length).put(json).flip(), 8);
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.header().tensors().keySet()).containsExactly("b", "a");
      assertThat(file.header().encoded().array()).isEqualTo(bytes.array());
    }
  }

  private void assertRefused(Path path, String message) {
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("x.safetensors: ")
        .hasMessageContaining(message);
  }

  /** A file of this head and {@code dataBytes} zeros. */
  private Path write(ByteBuffer head, int dataBytes) throws IOException {
    Path path = folder.resolve("x.safetensors");
    byte[] bytes = new byte[head.remaining() + dataBytes];
    head.duplicate().get(bytes, 0, head.remaining());
    Files.write(path, bytes);
    return path;
  }
}
