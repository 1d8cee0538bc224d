package dev.banyan.cluster.read;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a pickle that holds only plain values: none, booleans, integers, floats, text, lists,
 * tuples and dictionaries, which is all that Flight Recorder writes (pickle protocols 2 to 4).
 * Opcodes that name or call code ({@code GLOBAL}, {@code REDUCE}, …) are refused where they stand;
 * nothing is ever run. Memory is bounded by the size of the input: sharing makes no copies, and no
 * opcode allocates more than the bytes it brings.
 */
public final class PickleReader {
  private static final Object MARK = new Object();

  private final ByteBuffer in;
  private final ArrayList<@Nullable Object> stack = new ArrayList<>();
  private final List<@Nullable Object> memo = new ArrayList<>();

  private PickleReader(byte[] bytes) {
    in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads one pickle.
   *
   * @return {@code null}, Boolean, Long, Double, String, {@code List} or {@code Map}; tuples are
   *     lists
   * @throws BrokenInput where it ends early, is no pickle, or asks for code
   */
  public static @Nullable Object read(byte[] bytes) throws BrokenInput {
    var reader = new PickleReader(bytes);
    try {
      return reader.run();
    } catch (java.nio.BufferUnderflowException e) {
      throw new BrokenInput(
          bytes.length, "the pickle ends after " + bytes.length + " bytes, in the middle");
    }
  }

  private @Nullable Object run() throws BrokenInput {
    while (true) {
      int at = in.position();
      int op = in.get() & 0xff;
      if (op == '.') {
        return pop(at);
      }
      step(op, at);
    }
  }

  private void step(int op, int at) throws BrokenInput {
    switch (op) {
      case 0x80 -> protocol(at); // PROTO
      case 0x95 -> in.getLong(); // FRAME
      case '(' -> stack.add(MARK);
      case 'N' -> stack.add(null);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'J' -> stack.add((long) in.getInt()); // BININT
      case 'K' -> stack.add((long) (in.get() & 0xff)); // BININT1
      case 'M' -> stack.add((long) (in.getShort() & 0xffff)); // BININT2
      case 0x8a -> stack.add(longOf(in.get() & 0xff, at)); // LONG1
      case 'G' -> stack.add(Double.longBitsToDouble(Long.reverseBytes(in.getLong()))); // BINFLOAT
      case 'X' -> stack.add(text(in.getInt() & 0xffffffffL, at)); // BINUNICODE
      case 0x8c -> stack.add(text(in.get() & 0xff, at)); // SHORT_BINUNICODE
      case 'U' -> stack.add(text(in.get() & 0xff, at)); // SHORT_BINSTRING
      case 'T' -> stack.add(text(in.getInt() & 0xffffffffL, at)); // BINSTRING
      case ']' -> stack.add(new ArrayList<>());
      case '}' -> stack.add(new LinkedHashMap<>());
      case ')' -> stack.add(new ArrayList<>()); // EMPTY_TUPLE
      case 't' -> stack.add(sinceMark(at)); // TUPLE
      case 0x85 -> stack.add(tuple(1, at));
      case 0x86 -> stack.add(tuple(2, at));
      case 0x87 -> stack.add(tuple(3, at));
      case 'a' -> append(at);
      case 'e' -> appends(at);
      case 's' -> setItem(at);
      case 'u' -> setItems(at);
      case 'q' -> put(in.get() & 0xff, at); // BINPUT
      case 'r' -> put(in.getInt(), at); // LONG_BINPUT
      case 0x94 -> put(memo.size(), at); // MEMOIZE
      case 'h' -> stack.add(get(in.get() & 0xff, at)); // BINGET
      case 'j' -> stack.add(get(in.getInt(), at)); // LONG_BINGET
      case '0' -> pop(at);
      case 'c', 'R', 'i', 'o', 'b', 0x81, 0x82, 0x83, 0x84, 0x92, 0x93, 'P', 'Q' ->
          throw new BrokenInput(
              at,
              "the pickle asks to run code (opcode "
                  + name(op)
                  + "), which a Flight Recorder dump never does; refused");
      default -> throw new BrokenInput(at, "opcode " + name(op) + " is none that such dumps use");
    }
  }

  private static String name(int op) {
    return switch (op) {
      case 'c' -> "GLOBAL";
      case 'R' -> "REDUCE";
      case 'i' -> "INST";
      case 'o' -> "OBJ";
      case 'b' -> "BUILD";
      case 0x81 -> "NEWOBJ";
      case 0x92 -> "NEWOBJ_EX";
      case 0x93 -> "STACK_GLOBAL";
      case 0x82, 0x83, 0x84 -> "EXT";
      case 'P', 'Q' -> "PERSID";
      default -> "0x" + Integer.toHexString(op);
    };
  }

  private void protocol(int at) throws BrokenInput {
    int version = in.get() & 0xff;
    if (version > 5) {
      throw new BrokenInput(at, "pickle protocol " + version + "; 2 to 5 are known");
    }
  }

  private long longOf(int length, int at) throws BrokenInput {
    if (length > 8) {
      throw new BrokenInput(at, "an integer of " + length + " bytes; at most 8 are expected");
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (in.get() & 0xffL) << (8 * i);
    }
    return length == 0 || length == 8 ? value : value << (64 - 8 * length) >> (64 - 8 * length);
  }

  private String text(long length, int at) throws BrokenInput {
    if (length > in.remaining()) {
      throw new BrokenInput(
          at, "text of " + length + " bytes where only " + in.remaining() + " are left");
    }
    var text = new String(in.array(), in.position(), (int) length, StandardCharsets.UTF_8);
    in.position(in.position() + (int) length);
    return text;
  }

  private @Nullable Object pop(int at) throws BrokenInput {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw new BrokenInput(at, "the pickle takes a value from an empty stack");
    }
    return stack.removeLast();
  }

  private @Nullable Object top(int at) throws BrokenInput {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw new BrokenInput(at, "the pickle looks at an empty stack");
    }
    return stack.getLast();
  }

  private List<@Nullable Object> sinceMark(int at) throws BrokenInput {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw new BrokenInput(at, "the pickle gathers values without a mark");
    }
    List<@Nullable Object> tail = stack.subList(mark + 1, stack.size());
    List<@Nullable Object> values = new ArrayList<>(tail);
    stack.subList(mark, stack.size()).clear();
    return values;
  }

  private List<@Nullable Object> tuple(int size, int at) throws BrokenInput {
    List<@Nullable Object> values = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      values.add(pop(at));
    }
    Collections.reverse(values);
    return values;
  }

  private void append(int at) throws BrokenInput {
    Object value = pop(at);
    list(at).add(value);
  }

  private void appends(int at) throws BrokenInput {
    List<@Nullable Object> values = sinceMark(at);
    list(at).addAll(values);
  }

  @SuppressWarnings("unchecked")
  private List<@Nullable Object> list(int at) throws BrokenInput {
    if (top(at) instanceof List<?> list) {
      return (List<@Nullable Object>) list;
    }
    throw new BrokenInput(at, "the pickle appends to what is no list");
  }

  private void setItem(int at) throws BrokenInput {
    Object value = pop(at);
    Object key = pop(at);
    put(map(at), key, value, at);
  }

  private void setItems(int at) throws BrokenInput {
    List<@Nullable Object> values = sinceMark(at);
    if (values.size() % 2 != 0) {
      throw new BrokenInput(at, "the pickle has a key without a value");
    }
    Map<Object, @Nullable Object> map = map(at);
    for (int i = 0; i < values.size(); i += 2) {
      put(map, values.get(i), values.get(i + 1), at);
    }
  }

  private static void put(
      Map<Object, @Nullable Object> map, @Nullable Object key, @Nullable Object value, int at)
      throws BrokenInput {
    // Keys that are lists could hold themselves, and hashing them would never end.
    if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
      throw new BrokenInput(at, "a dictionary's key is neither text nor an integer");
    }
    map.put(key, value);
  }

  @SuppressWarnings("unchecked")
  private Map<Object, @Nullable Object> map(int at) throws BrokenInput {
    if (top(at) instanceof Map<?, ?> map) {
      return (Map<Object, @Nullable Object>) map;
    }
    throw new BrokenInput(at, "the pickle sets an item of what is no dictionary");
  }

  private void put(int place, int at) throws BrokenInput {
    // Places are given out in order; a gap as large as the file is no dump's.
    if (place < 0 || place > memo.size() + 65_536 || place > in.capacity()) {
      throw new BrokenInput(at, "memo place " + place + " is out of order");
    }
    Object value = top(at);
    while (memo.size() <= place) {
      memo.add(null);
    }
    memo.set(place, value);
  }

  private @Nullable Object get(int place, int at) throws BrokenInput {
    if (place < 0 || place >= memo.size()) {
      throw new BrokenInput(at, "memo place " + place + " was never filled");
    }
    return memo.get(place);
  }
}
