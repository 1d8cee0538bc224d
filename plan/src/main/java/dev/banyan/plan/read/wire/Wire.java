package dev.banyan.plan.read.wire;

import dev.banyan.core.UserInputException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks the fields of one protobuf message (protobuf.dev, "Encoding"): {@link #next} steps to a
 * field and decodes its value, unknown fields cost nothing else. Nothing is copied but strings and
 * numbers. Every fault names the byte and the message.
 */
public final class Wire {
  /** How deep messages may lie in one another. */
  private static final int DEPTH = 64;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH = 2;
  private static final int FIXED32 = 5;

  private final String source;
  private final String message;
  private final ByteBuffer data;
  private final int end;
  private final int depth;
  private int at;
  private int field;
  private int type;
  private long value;
  private int from;

  private Wire(String source, String message, ByteBuffer data, int at, int end, int depth) {
    this.source = source;
    this.message = message;
    this.data = data;
    this.at = at;
    this.end = end;
    this.depth = depth;
  }

  /** The message that fills {@code data}, from position 0 to its limit. */
  public static Wire of(String source, String message, ByteBuffer data) {
    return new Wire(source, message, data, 0, data.limit(), 0);
  }

  /**
   * Steps to the next field; false at the end.
   *
   * @throws UserInputException where the bytes are no protobuf, or end too early
   */
  public boolean next() {
    if (at >= end) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    if (field < 1 || tag >>> 32 != 0) {
      throw bad("field number " + (tag >>> 3) + " is none");
    }
    switch (type) {
      case VARINT -> value = varint();
      case FIXED64 -> value = fixed(8);
      case FIXED32 -> value = fixed(4);
      case LENGTH -> {
        long length = varint();
        if (length < 0 || length > end - at) {
          throw bad("field " + field + " has " + length + " bytes, only " + (end - at) + " follow");
        }
        from = at;
        at += (int) length;
        value = length;
      }
      default -> throw bad("field " + field + " has wire type " + type + ", which is unknown");
    }
    return true;
  }

  /** The field's number. */
  public int field() {
    return field;
  }

  /** Whether the field holds bytes: a string, a message or packed numbers. */
  public boolean isLength() {
    return type == LENGTH;
  }

  /** The field as a whole number. */
  public long number() {
    if (type == LENGTH) {
      throw bad("field " + field + " holds bytes, expected a number");
    }
    return value;
  }

  /** The field as a whole number that counts something. */
  public int index() {
    long number = number();
    if (number < 0 || number > Integer.MAX_VALUE) {
      throw bad("field " + field + " is " + number + ", expected a position from 0 on");
    }
    return (int) number;
  }

  public boolean flag() {
    return number() != 0;
  }

  /** The field as a 32-bit float. */
  public float real() {
    return Float.intBitsToFloat((int) number());
  }

  /** The field as text. */
  public String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  /** A copy of the field's bytes. */
  public byte[] bytes() {
    requireLength();
    byte[] bytes = new byte[(int) value];
    data.get(from, bytes);
    return bytes;
  }

  /** How many bytes the field has. */
  public int length() {
    requireLength();
    return (int) value;
  }

  /** The field as a message inside this one. */
  public Wire message(String name) {
    requireLength();
    if (depth >= DEPTH) {
      throw bad("messages lie more than " + DEPTH + " deep in one another");
    }
    return new Wire(source, name, data, from, from + (int) value, depth + 1);
  }

  /** {@code so far} with the field's numbers added, packed or single. */
  public long[] numbers(long[] soFar) {
    if (type != LENGTH) {
      long[] more = Arrays.copyOf(soFar, soFar.length + 1);
      more[soFar.length] = value;
      return more;
    }
    var inside = new Wire(source, message, data, from, from + (int) value, depth);
    long[] more = Arrays.copyOf(soFar, soFar.length + (int) value);
    int count = soFar.length;
    while (inside.at < inside.end) {
      more[count++] = inside.varint();
    }
    return Arrays.copyOf(more, count);
  }

  /** {@code so far} with the field's 32-bit floats added, packed or single. */
  public float[] reals(float[] soFar) {
    if (type != LENGTH) {
      float[] more = Arrays.copyOf(soFar, soFar.length + 1);
      more[soFar.length] = real();
      return more;
    }
    var inside = new Wire(source, message, data, from, from + (int) value, depth);
    float[] more = Arrays.copyOf(soFar, soFar.length + (int) value / 4);
    for (int i = soFar.length; i < more.length; i++) {
      more[i] = Float.intBitsToFloat((int) inside.fixed(4));
    }
    return more;
  }

  /** What is wrong here, with the place. */
  public UserInputException bad(String what) {
    return new UserInputException(
        source + ": byte " + at + ", in " + message + ": " + what + "; is the file whole?");
  }

  private void requireLength() {
    if (type != LENGTH) {
      throw bad("field " + field + " is a number, expected bytes");
    }
  }

  private long varint() {
    long result = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at >= end) {
        throw bad("it ends inside a number");
      }
      byte b = data.get(at++);
      result |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return result;
      }
    }
    throw bad("a number has more than ten bytes");
  }

  private long fixed(int bytes) {
    if (end - at < bytes) {
      throw bad("it ends inside a number");
    }
    long result = 0;
    for (int i = 0; i < bytes; i++) {
      result |= (data.get(at++) & 0xffL) << (8 * i);
    }
    return result;
  }
}
