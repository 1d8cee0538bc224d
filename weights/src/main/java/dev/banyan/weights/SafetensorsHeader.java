package dev.banyan.weights;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * The head of a safetensors file: a little-endian 64-bit length, then JSON that gives each tensor's
 * type, shape and byte range, then the data without holes (github.com/huggingface/safetensors,
 * "Format"). A header that was read keeps its exact bytes, so that a file written from it starts as
 * the original did.
 */
public final class SafetensorsHeader {
  /** The library refuses longer ones, so that a hostile length cannot ask for all memory. */
  static final int MAX_JSON_BYTES = 100_000_000;

  private final byte[] json;
  private final SequencedMap<String, Placed> tensors;
  private final Map<String, String> metadata;
  private final long dataBytes;

  /** A tensor and where its bytes begin, counted from the start of the data. */
  public record Placed(TensorSpec spec, long begin) {
    /** The first byte after the tensor. */
    public long end() {
      return begin + spec.bytes();
    }
  }

  SafetensorsHeader(
      byte[] json,
      SequencedMap<String, Placed> tensors,
      Map<String, String> metadata,
      long dataBytes) {
    this.json = json;
    this.tensors = tensors;
    this.metadata = metadata;
    this.dataBytes = dataBytes;
  }

  /**
   * The header the safetensors library would write for these tensors: types in descending order,
   * then names in the order of their UTF-8 bytes, the JSON padded with spaces to a multiple of 8.
   *
   * @param metadata free text by key, kept in this order; the field's tools expect {@code format:
   *     pt}
   */
  public static SafetensorsHeader of(List<TensorSpec> specs, Map<String, String> metadata) {
    var sorted =
        specs.stream()
            .sorted(
                Comparator.comparing(TensorSpec::type)
                    .reversed()
                    .thenComparing(spec -> spec.name().getBytes(UTF_8), Arrays::compareUnsigned))
            .toList();
    var text = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      text.append("\"__metadata__\":{");
      metadata.forEach(
          (key, value) -> text.append(quote(key)).append(':').append(quote(value)).append(','));
      text.setCharAt(text.length() - 1, '}');
      text.append(',');
    }
    var placed = new LinkedHashMap<String, Placed>();
    long begin = 0;
    for (TensorSpec spec : sorted) {
      var next = new Placed(spec, begin);
      if (placed.put(spec.name(), next) != null) {
        throw new IllegalArgumentException("two tensors are called " + spec.name());
      }
      text.append(quote(spec.name())).append(":{\"dtype\":\"").append(spec.type());
      text.append("\",\"shape\":").append(spec.shape().toString().replace(" ", ""));
      text.append(",\"data_offsets\":[").append(begin).append(',').append(next.end()).append("]},");
      begin = Math.addExact(begin, spec.bytes());
    }
    if (text.length() == 1) {
      text.append('}');
    } else {
      text.setCharAt(text.length() - 1, '}');
    }
    byte[] unpadded = text.toString().getBytes(UTF_8);
    byte[] json = Arrays.copyOf(unpadded, (unpadded.length + 7) / 8 * 8);
    Arrays.fill(json, unpadded.length, json.length, (byte) ' ');
    if (json.length > MAX_JSON_BYTES) {
      throw new IllegalArgumentException(
          specs.size() + " tensors need a header of " + json.length + " bytes; use more shards");
    }
    var kept = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    return new SafetensorsHeader(json, placed, kept, begin);
  }

  private static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + '"';
  }

  /** The tensors by name, in the order the header lists them. */
  public SequencedMap<String, Placed> tensors() {
    return java.util.Collections.unmodifiableSequencedMap(tensors);
  }

  /** The free text under {@code __metadata__}, empty when there is none. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Bytes of data that follow the header. */
  public long dataBytes() {
    return dataBytes;
  }

  /** Where the data begins in the file. */
  public long dataStart() {
    return Long.BYTES + (long) json.length;
  }

  /** Bytes of the whole file. */
  public long fileBytes() {
    return Math.addExact(dataStart(), dataBytes);
  }

  /** Length, JSON and padding: what stands before the data. */
  public ByteBuffer encoded() {
    return ByteBuffer.allocate(Long.BYTES + json.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .flip();
  }
}
