package dev.banyan.weights;

import dev.banyan.core.UserInputException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the JSON of a safetensors header and believes nothing in it: the byte ranges must fit the
 * shapes, follow each other without holes or overlaps, and fill the file. Linear in the header's
 * length (and n log n in its tensors).
 */
final class HeaderReader {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String file;
  private final byte[] json;
  private final long dataBytes;
  private final SequencedMap<String, SafetensorsHeader.Placed> tensors = new LinkedHashMap<>();
  private Map<String, String> metadata = Map.of();

  private HeaderReader(String file, byte[] json, long dataBytes) {
    this.file = file;
    this.json = json;
    this.dataBytes = dataBytes;
  }

  /**
   * The header whose JSON is {@code json}, of a file in which {@code dataBytes} follow it.
   *
   * @param file the file's name, for messages
   * @throws UserInputException when anything in it is wrong, naming the tensor and the byte
   */
  static SafetensorsHeader read(String file, byte[] json, long dataBytes) {
    var reader = new HeaderReader(file, json, dataBytes);
    reader.parse();
    reader.checkRanges();
    return new SafetensorsHeader(json, reader.tensors, reader.metadata, dataBytes);
  }

  private void parse() {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json));
    } catch (CharacterCodingException e) {
      throw wrong("the header is not UTF-8", e);
    }
    if (!startsAsObject(json)) {
      throw wrong("the header does not start with '{': this is no safetensors file");
    }
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      parser.nextToken();
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        if (name.equals("__metadata__")) {
          metadata = metadata(parser);
        } else {
          tensor(parser, name);
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
        throw wrong("the header goes on after its closing brace at byte " + at(parser));
      }
    } catch (JacksonException e) {
      long offset = e.getLocation() == null ? -1 : e.getLocation().getByteOffset();
      throw wrong(
          "the header is not valid JSON"
              + (offset < 0 ? "" : " at byte " + (Long.BYTES + offset))
              + ": "
              + JsonText.oneLine(e.getOriginalMessage()),
          e);
    }
  }

  /** A zero among the first bytes would make the parser guess UTF-16 or UTF-32. */
  private static boolean startsAsObject(byte[] json) {
    boolean zero = false;
    for (int i = 0; i < Math.min(4, json.length); i++) {
      zero |= json[i] == 0;
    }
    return json.length >= 2 && json[0] == '{' && !zero;
  }

  private Map<String, String> metadata(JsonParser parser) {
    if (parser.nextToken() == JsonToken.VALUE_NULL) {
      return Map.of();
    }
    expect(parser, JsonToken.START_OBJECT, "__metadata__", "an object of strings");
    var read = new LinkedHashMap<String, String>();
    for (String key = parser.nextName(); key != null; key = parser.nextName()) {
      parser.nextToken();
      expect(parser, JsonToken.VALUE_STRING, "__metadata__", "an object of strings");
      read.put(key, parser.getString());
    }
    return Collections.unmodifiableMap(read);
  }

  private void tensor(JsonParser parser, String name) {
    parser.nextToken();
    expect(parser, JsonToken.START_OBJECT, name, "an object with dtype, shape and data_offsets");
    @Nullable String dtype = null;
    @Nullable List<Long> shape = null;
    @Nullable List<Long> offsets = null;
    for (String key = parser.nextName(); key != null; key = parser.nextName()) {
      parser.nextToken();
      switch (key) {
        case "dtype" -> {
          expect(parser, JsonToken.VALUE_STRING, name, "a string for dtype");
          dtype = parser.getString();
        }
        case "shape" -> shape = numbers(parser, name, "shape");
        case "data_offsets" -> offsets = numbers(parser, name, "data_offsets");
        default ->
            throw wrongTensor(
                name, "unknown key '" + JsonText.oneLine(key) + "' at byte " + at(parser));
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      throw wrongTensor(name, "needs dtype, shape and data_offsets, before byte " + at(parser));
    }
    tensors.put(name, placed(name, dtype, shape, offsets));
  }

  private SafetensorsHeader.Placed placed(
      String name, String dtype, List<Long> shape, List<Long> offsets) {
    StoredType type =
        StoredType.named(dtype)
            .orElseThrow(
                () ->
                    wrongTensor(
                        name,
                        "has dtype "
                            + JsonText.oneLine(dtype)
                            + "; Banyan reads "
                            + StoredType.names()));
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
      throw wrongTensor(name, "has data_offsets " + offsets + ", expected [begin, end]");
    }
    long begin = offsets.get(0);
    long end = offsets.get(1);
    if (end > dataBytes) {
      throw wrongTensor(
          name,
          String.format(
              Locale.ROOT,
              "ends at byte %d of the data, which has %d bytes: the file is cut short",
              end,
              dataBytes));
    }
    long expected;
    try {
      expected = TensorSpec.bytes(type, shape);
    } catch (ArithmeticException e) {
      throw wrongTensor(name, "has shape " + shape + ", more bytes than a file can have");
    }
    if (expected != end - begin) {
      throw wrongTensor(
          name,
          String.format(
              Locale.ROOT,
              "has %d bytes (data_offsets %s), but %s %s takes %d",
              end - begin,
              offsets,
              type,
              shape,
              expected));
    }
    return new SafetensorsHeader.Placed(new TensorSpec(name, type, shape), begin);
  }

  private List<Long> numbers(JsonParser parser, String name, String key) {
    expect(parser, JsonToken.START_ARRAY, name, "an array for " + key);
    var read = new ArrayList<Long>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      expect(parser, JsonToken.VALUE_NUMBER_INT, name, "whole numbers in " + key);
      long value = parser.getLongValue();
      if (value < 0) {
        throw wrongTensor(
            name, key + " has the negative number " + value + " at byte " + at(parser));
      }
      read.add(value);
    }
    return read;
  }

  /** Ranges in order of their begin must each start where the one before ended. */
  private void checkRanges() {
    var byBegin =
        tensors.values().stream()
            .sorted(
                Comparator.comparingLong(SafetensorsHeader.Placed::begin)
                    .thenComparingLong(SafetensorsHeader.Placed::end))
            .toList();
    long covered = 0;
    for (var tensor : byBegin) {
      if (tensor.begin() != covered) {
        throw wrongTensor(
            tensor.spec().name(),
            String.format(
                Locale.ROOT,
                "begins at byte %d of the data, %s: expected %d",
                tensor.begin(),
                tensor.begin() < covered ? "inside another tensor" : "after a gap",
                covered));
      }
      covered = tensor.end();
    }
    if (covered != dataBytes) {
      throw wrong(
          String.format(
              Locale.ROOT,
              "the tensors take %d bytes, but %d follow the header: the file is damaged or cut short",
              covered,
              dataBytes));
    }
  }

  private void expect(JsonParser parser, JsonToken token, String name, String expected) {
    if (parser.currentToken() != token) {
      throw wrongTensor(name, "expected " + expected + " at byte " + at(parser));
    }
  }

  private static long at(JsonParser parser) {
    return Long.BYTES + parser.currentLocation().getByteOffset();
  }

  private UserInputException wrongTensor(String tensor, String what) {
    return new UserInputException(file + ": tensor '" + JsonText.oneLine(tensor) + "' " + what);
  }

  private UserInputException wrong(String what) {
    return new UserInputException(file + ": " + what);
  }

  private UserInputException wrong(String what, Throwable cause) {
    return new UserInputException(file + ": " + what, cause);
  }
}
