package dev.banyan.cluster.read;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Unreadable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Event lines as JSON: keys in any order, white space, escapes and unknown keys allowed, one object
 * a line, at most 64 KiB. A parser for this one shape of line; about a tenth of a microsecond each.
 */
public final class JsonEventCursor extends EventCursor {
  /** A longer line is passed by. */
  public static final int LONGEST_LINE = 1 << 16;

  private static final int MOST_NAMES = 1 << 20;
  private static final int DEEPEST = 32;

  private final InputStream in;
  private byte[] buffer = new byte[1 << 18];
  private int from;
  private int to;
  private long begin; // offset of buffer[0] in the stream
  private boolean skipping;

  // The line being read.
  private int at;
  private int end;
  private boolean hasEv;
  private boolean evKnown;
  private boolean hasTime;
  private boolean hasRank;
  private boolean hasComm;
  private boolean hasSeq;
  private long step;
  private long pid;
  private long world;
  private long wallNanos;
  private long version;
  private String host = "";
  private String proof = "";
  private String state = "";
  private String wchan = "";
  private final List<Integer> ranks = new ArrayList<>();

  // Names by their bytes: open addressing, keyed by hash.
  private int[] slots = new int[256];
  private byte[][] bytesOf = new byte[64][];
  private int lastName = -1;
  private int lastAlgo = -1;
  private byte[] scratch = new byte[256];

  /** Reads from a stream of unknown length. */
  public JsonEventCursor(InputStream in, String path, Consumer<Unreadable> broken) {
    super(path, broken);
    this.in = in;
    Arrays.fill(slots, -1);
  }

  @Override
  public boolean next() throws IOException {
    while (true) {
      int newline = newline();
      if (newline < 0) {
        return false;
      }
      long offset = begin + from;
      at = from;
      end = newline;
      from = newline + 1;
      if (end - at > LONGEST_LINE) {
        tell(offset, "a line of more than 64 KiB; event lines are shorter");
        continue;
      }
      try {
        if (line()) {
          return true;
        }
      } catch (BrokenInput e) {
        tell(offset, e.reason());
      } catch (ArrayIndexOutOfBoundsException e) {
        tell(offset, "the line ends in the middle of a value");
      }
    }
  }

  /** The place of the next line's end; reads on where there is none. */
  private int newline() throws IOException {
    int search = from;
    while (true) {
      for (int i = search; i < to; i++) {
        if (buffer[i] == '\n') {
          if (!skipping) {
            return i;
          }
          skipping = false;
          from = i + 1;
        }
      }
      if (skipping) {
        from = to;
      } else if (to - from > LONGEST_LINE) {
        tell(begin + from, "a line of more than 64 KiB; event lines are shorter");
        skipping = true;
        from = to;
      }
      if (from > 0) {
        System.arraycopy(buffer, from, buffer, 0, to - from);
        begin += from;
        to -= from;
        from = 0;
      }
      search = to;
      int read = in.read(buffer, to, buffer.length - to);
      if (read <= 0) {
        return -1;
      }
      to += read;
    }
  }

  /** What is left at the end of a stream that grows no more: a line cut short. */
  @Override
  public void finish() {
    if (to > from && !skipping) {
      tell(begin + from, "the last line has no end: the file was cut, or is still written");
    }
    from = to;
  }

  private boolean line() throws BrokenInput {
    int b = space();
    if (at >= end) {
      return false; // an empty line
    }
    if (b != '{') {
      throw broken("is no JSON object");
    }
    at++;
    reset();
    if (space() == '}') {
      at++;
    } else {
      while (true) {
        pair();
        b = space();
        at++;
        if (b == '}') {
          break;
        }
        if (b != ',') {
          throw broken("has neither , nor } behind a value");
        }
      }
    }
    space();
    if (at < end) {
      throw broken("goes on behind its object");
    }
    return settle();
  }

  private void reset() {
    hasEv = false;
    evKnown = false;
    hasTime = false;
    hasRank = false;
    hasComm = false;
    hasSeq = false;
    line = null;
    more = false;
    tNanos = 0;
    rank = -1;
    comm = -1;
    seq = 0;
    op = 0;
    algo = 0;
    bytes = 0;
    channel = 0;
    peer = -1;
    dir = 0;
    step = 0;
    version = 1;
  }

  /** Whether the line tells something: unknown kinds are passed by. */
  private boolean settle() throws BrokenInput {
    if (!hasEv) {
      throw broken("has no ev");
    }
    if (!evKnown) {
      return false;
    }
    switch (ev) {
      case HELLO -> {
        if (version != 1) {
          throw broken("is of version " + version + "; version 1 is known");
        }
        if (world < 0 || world > RankDump.MOST_RANKS) {
          throw broken("world " + world + " is no number of ranks");
        }
        line = new EventLine.Hello(host, rank, pid, (int) world, tNanos, wallNanos);
      }
      case COMM -> {
        need(hasComm, "comm");
        line = new EventLine.Group(name(comm), ranks);
      }
      case HB -> {
        need(hasRank, "rank");
        need(hasTime, "t_ns");
        seq = step;
      }
      case GONE -> {
        need(hasRank, "rank");
        line = new EventLine.Gone(tNanos, rank, proof);
      }
      case STAT -> {
        need(hasRank, "rank");
        line = new EventLine.Stat(tNanos, rank, state, wchan);
      }
      default -> {
        need(hasTime, "t_ns");
        need(hasRank, "rank");
        need(hasComm, "comm");
        need(hasSeq, "seq");
      }
    }
    return true;
  }

  private void need(boolean there, String key) throws BrokenInput {
    if (!there) {
      throw broken("has no " + key);
    }
  }

  private BrokenInput broken(String what) {
    return new BrokenInput(begin + at, "the line " + what);
  }

  private int space() {
    while (at < end) {
      byte b = buffer[at];
      if (b != ' ' && b != '\t' && b != '\r') {
        return b;
      }
      at++;
    }
    return -1;
  }

  /** Bytes of a key of at most eight letters, packed. */
  private static long key(String word) {
    long packed = 0;
    for (int i = 0; i < word.length(); i++) {
      packed = packed << 8 | word.charAt(i);
    }
    return packed;
  }

  private static final long T_NS = key("t_ns");
  private static final long RANK = key("rank");
  private static final long COMM = key("comm");
  private static final long SEQ = key("seq");
  private static final long OP = key("op");
  private static final long ALGO = key("algo");
  private static final long BYTES = key("bytes");
  private static final long CHANNEL = key("channel");
  private static final long PEER = key("peer");
  private static final long DIR = key("dir");
  private static final long EV = key("ev");
  private static final long STEP = key("step");
  private static final long V = key("v");
  private static final long HOST = key("host");
  private static final long PID = key("pid");
  private static final long WORLD = key("world");
  private static final long WALL_NS = key("wall_ns");
  private static final long RANKS = key("ranks");
  private static final long MORE = key("more");
  private static final long PROOF = key("proof");
  private static final long STATE = key("state");
  private static final long WCHAN = key("wchan");

  private void pair() throws BrokenInput {
    if (space() != '"') {
      throw broken("has no key where one is expected");
    }
    int start = at + 1;
    long packed = 0;
    int i = start;
    byte b;
    while ((b = buffer[i]) != '"' && i < end) {
      if (b == '\\') {
        packed = escapedKey(start);
        i = at - 1;
        break;
      }
      packed = packed << 8 | (b & 0xff);
      i++;
    }
    if (i >= end) {
      throw broken("ends in the middle of a key");
    }
    if (i - start > 8 && buffer[i] == '"' && packed >>> 56 != 0) {
      packed = i - start == 8 ? packed : -1;
    }
    at = i + 1;
    if (space() != ':') {
      throw broken("has no : behind a key");
    }
    at++;
    space();
    value(packed);
  }

  private long escapedKey(int start) throws BrokenInput {
    at = start - 1;
    String key = string();
    return key.length() > 8 || key.chars().anyMatch(c -> c > 126) ? -1 : key(key);
  }

  private void value(long key) throws BrokenInput {
    if (key == T_NS) {
      tNanos = number();
      hasTime = true;
    } else if (key == RANK) {
      rank = rank(-1);
      hasRank = rank >= 0;
    } else if (key == COMM) {
      comm = nameHere(lastName);
      lastName = comm;
      hasComm = true;
    } else if (key == SEQ) {
      seq = number();
      hasSeq = true;
    } else if (key == OP) {
      op = operation();
    } else if (key == ALGO) {
      algo = nameHere(lastAlgo);
      lastAlgo = algo;
    } else if (key == BYTES) {
      bytes = number();
    } else if (key == CHANNEL) {
      channel = (int) number();
    } else if (key == PEER) {
      peer = rank(-1);
    } else if (key == DIR) {
      dir = direction();
    } else if (key == EV) {
      kind();
    } else {
      rare(key);
    }
  }

  private void rare(long key) throws BrokenInput {
    if (key == STEP) {
      step = number();
    } else if (key == V) {
      version = number();
    } else if (key == HOST) {
      host = string();
    } else if (key == PID) {
      pid = number();
    } else if (key == WORLD) {
      world = number();
    } else if (key == WALL_NS) {
      wallNanos = number();
    } else if (key == RANKS) {
      ranks();
    } else if (key == MORE) {
      more = buffer[at] == 't';
      skip(0);
    } else if (key == PROOF) {
      proof = string();
    } else if (key == STATE) {
      state = string();
    } else if (key == WCHAN) {
      wchan = string();
    } else {
      skip(0);
    }
  }

  private int rank(int lowest) throws BrokenInput {
    long value = number();
    if (value < lowest || value > RankDump.MOST_RANKS) {
      throw broken("names rank " + value + "; ranks are 0 to " + RankDump.MOST_RANKS);
    }
    return (int) value;
  }

  private void ranks() throws BrokenInput {
    ranks.clear();
    if (buffer[at] != '[') {
      throw broken("has ranks that are no list");
    }
    at++;
    if (space() == ']') {
      at++;
      return;
    }
    while (true) {
      space();
      ranks.add(rank(0));
      int b = space();
      at++;
      if (b == ']') {
        return;
      }
      if (b != ',') {
        throw broken("has a list of ranks that does not end");
      }
    }
  }

  /** An integer; a fraction is cut off. */
  private long number() throws BrokenInput {
    int i = at;
    boolean minus = buffer[i] == '-';
    if (minus) {
      i++;
    }
    int first = i;
    long value = 0;
    int digit;
    while ((digit = buffer[i] - '0') >= 0 && digit <= 9) {
      value = 10 * value + digit;
      i++;
    }
    if (i == first || i - first > 19 || value < 0 || i > end) {
      throw broken("has no whole number where one is expected");
    }
    byte b = buffer[i];
    at = i;
    if (b == '.' || b == 'e' || b == 'E') {
      return decimal(first, minus);
    }
    return minus ? -value : value;
  }

  private long decimal(int first, boolean minus) throws BrokenInput {
    int i = first;
    while (i < end && "0123456789.eE+-".indexOf(buffer[i]) >= 0) {
      i++;
    }
    at = i;
    try {
      var text = new String(buffer, first, Math.min(i - first, 64), StandardCharsets.US_ASCII);
      long value = (long) Double.parseDouble(text);
      return minus ? -value : value;
    } catch (NumberFormatException e) {
      throw broken("has a number that is none");
    }
  }

  /** The length of the plain string at the cursor, or −1 when it has escapes. */
  private int plainLength() throws BrokenInput {
    if (buffer[at] != '"') {
      throw broken("has no text where it is expected");
    }
    int i = at + 1;
    byte b;
    while ((b = buffer[i]) != '"') {
      if (b == '\\') {
        return -1;
      }
      if (++i > end) {
        throw broken("ends in the middle of a text");
      }
    }
    return i - at - 1;
  }

  private String string() throws BrokenInput {
    int length = plainLength();
    if (length >= 0) {
      var text = new String(buffer, at + 1, length, StandardCharsets.UTF_8);
      at += length + 2;
      return text;
    }
    int bytes = unescape();
    return new String(scratch, 0, bytes, StandardCharsets.UTF_8);
  }

  /** Reads a string with escapes into {@link #scratch}; its length in bytes. */
  private int unescape() throws BrokenInput {
    if (scratch.length < end - at) {
      scratch = new byte[2 * (end - at)];
    }
    int i = at + 1;
    int n = 0;
    while (i < end && buffer[i] != '"') {
      byte b = buffer[i++];
      if (b != '\\') {
        scratch[n++] = b;
        continue;
      }
      byte what = buffer[i++];
      switch (what) {
        case 'n' -> scratch[n++] = '\n';
        case 't' -> scratch[n++] = '\t';
        case 'r' -> scratch[n++] = '\r';
        case 'b' -> scratch[n++] = '\b';
        case 'f' -> scratch[n++] = '\f';
        case '"', '\\', '/' -> scratch[n++] = what;
        case 'u' -> {
          int unit = hex(i);
          i += 4;
          if (Character.isHighSurrogate((char) unit)
              && i + 6 <= end
              && buffer[i] == '\\'
              && buffer[i + 1] == 'u'
              && Character.isLowSurrogate((char) hex(i + 2))) {
            unit = Character.toCodePoint((char) unit, (char) hex(i + 2));
            i += 6;
          }
          n = utf8(unit, n);
        }
        default -> throw broken("has an escape that is none");
      }
    }
    if (i >= end) {
      throw broken("ends in the middle of a text");
    }
    at = i + 1;
    return n;
  }

  private int utf8(int point, int n) {
    if (point < 0x80) {
      scratch[n++] = (byte) point;
    } else if (point < 0x800) {
      scratch[n++] = (byte) (0xc0 | point >> 6);
      scratch[n++] = (byte) (0x80 | (point & 63));
    } else if (point < 0x10000) {
      scratch[n++] = (byte) (0xe0 | point >> 12);
      scratch[n++] = (byte) (0x80 | ((point >> 6) & 63));
      scratch[n++] = (byte) (0x80 | (point & 63));
    } else {
      scratch[n++] = (byte) (0xf0 | point >> 18);
      scratch[n++] = (byte) (0x80 | ((point >> 12) & 63));
      scratch[n++] = (byte) (0x80 | ((point >> 6) & 63));
      scratch[n++] = (byte) (0x80 | (point & 63));
    }
    return n;
  }

  private int hex(int i) throws BrokenInput {
    int value = 0;
    for (int k = 0; k < 4; k++) {
      int digit = i + k < end ? Character.digit(buffer[i + k], 16) : -1;
      if (digit < 0) {
        throw broken("has an escape that is none");
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private int operation() throws BrokenInput {
    int length = plainLength();
    if (length < 0) {
      return CollectiveOp.named(string()).ordinal();
    }
    byte first = buffer[at + 1];
    int start = at + 1;
    at += length + 2;
    if (length == 10 && first == 'a' && buffer[start + 5] == 'e') {
      return buffer[start + 4] == 'r' // all_reduce; all_gather has g and a t at 6
          ? CollectiveOp.ALL_REDUCE.ordinal()
          : slow(start, length);
    }
    if (length == 4 && first == 's') {
      return CollectiveOp.SEND.ordinal();
    }
    if (length == 4 && first == 'r') {
      return CollectiveOp.RECV.ordinal();
    }
    return slow(start, length);
  }

  private int slow(int start, int length) {
    CollectiveOp[] all = OPS;
    for (int k = 1; k < all.length; k++) {
      byte[] word = WORDS[k];
      if (word.length == length && Arrays.equals(word, 0, length, buffer, start, start + length)) {
        return k;
      }
    }
    return CollectiveOp.named(new String(buffer, start, length, StandardCharsets.UTF_8)).ordinal();
  }

  private static final CollectiveOp[] OPS = CollectiveOp.values();
  private static final byte[][] WORDS = words();

  private static byte[][] words() {
    byte[][] words = new byte[OPS.length][];
    for (int k = 0; k < words.length; k++) {
      words[k] = OPS[k].word().getBytes(StandardCharsets.US_ASCII);
    }
    return words;
  }

  private int direction() throws BrokenInput {
    int length = plainLength();
    if (length < 0) {
      String text = string();
      return text.equals("tx") ? 1 : text.equals("rx") ? 2 : 0;
    }
    byte first = length == 2 ? buffer[at + 1] : 0;
    at += length + 2;
    return first == 't' ? 1 : first == 'r' ? 2 : 0;
  }

  private void kind() throws BrokenInput {
    hasEv = true;
    evKnown = true;
    int length = plainLength();
    long packed = 0;
    if (length < 0) {
      String text = string();
      packed = text.length() > 8 ? -1 : key(text);
    } else {
      for (int i = 0; i < length; i++) {
        packed = packed << 8 | (buffer[at + 1 + i] & 0xff);
      }
      at += length + 2;
      packed = length > 8 ? -1 : packed;
    }
    for (int k = 0; k < KINDS.length; k++) {
      if (KIND_WORDS[k] == packed) {
        ev = KINDS[k];
        return;
      }
    }
    evKnown = false;
  }

  private static final EventKind[] KINDS = {
    EventKind.FIRST, EventKind.LAST, EventKind.POST, EventKind.CREDIT, EventKind.SENT,
    EventKind.ENTER, EventKind.LEAVE, EventKind.HB, EventKind.HELLO, EventKind.COMM,
    EventKind.GONE, EventKind.STAT
  };
  private static final long[] KIND_WORDS = kindWords();

  private static long[] kindWords() {
    long[] words = new long[KINDS.length];
    for (int k = 0; k < words.length; k++) {
      words[k] = key(KINDS[k].word());
    }
    return words;
  }

  /** The place of the string at the cursor in the table of names. */
  private int nameHere(int guess) throws BrokenInput {
    int length = plainLength();
    byte[] from = buffer;
    int start = at + 1;
    if (length < 0) {
      length = unescape();
      from = scratch;
      start = 0;
    } else {
      at += length + 2;
    }
    if (guess >= 0 && same(bytesOf[guess], from, start, length)) {
      return guess;
    }
    int hash = length;
    for (int i = 0; i < length; i++) {
      hash = 31 * hash + from[start + i];
    }
    int slot = (hash ^ hash >>> 15) & slots.length - 1;
    while (slots[slot] >= 0) {
      if (same(bytesOf[slots[slot]], from, start, length)) {
        return slots[slot];
      }
      slot = slot + 1 & slots.length - 1;
    }
    return addName(from, start, length, slot);
  }

  private int addName(byte[] from, int start, int length, int slot) throws BrokenInput {
    if (names() >= MOST_NAMES) {
      throw broken("is the millionth with a new name; names repeat in real files");
    }
    int place = addName(new String(from, start, length, StandardCharsets.UTF_8));
    if (place == bytesOf.length) {
      bytesOf = Arrays.copyOf(bytesOf, 2 * place);
    }
    bytesOf[place] = Arrays.copyOfRange(from, start, start + length);
    slots[slot] = place;
    if (2 * names() > slots.length) {
      grow();
    }
    return place;
  }

  private void grow() {
    slots = new int[4 * slots.length];
    Arrays.fill(slots, -1);
    for (int place = 0; place < names(); place++) {
      byte[] name = bytesOf[place];
      int hash = name.length;
      for (byte b : name) {
        hash = 31 * hash + b;
      }
      int slot = (hash ^ hash >>> 15) & slots.length - 1;
      while (slots[slot] >= 0) {
        slot = slot + 1 & slots.length - 1;
      }
      slots[slot] = place;
    }
  }

  private static boolean same(byte[] name, byte[] from, int start, int length) {
    if (name.length != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (name[i] != from[start + i]) {
        return false;
      }
    }
    return true;
  }

  /** Passes by any value. */
  private void skip(int depth) throws BrokenInput {
    if (depth > DEEPEST) {
      throw broken("is nested deeper than " + DEEPEST);
    }
    byte b = buffer[at];
    if (b == '"') {
      string();
    } else if (b == '{' || b == '[') {
      byte close = b == '{' ? (byte) '}' : (byte) ']';
      at++;
      while (space() != close) {
        if (at >= end) {
          throw broken("ends in the middle of a value");
        }
        if (buffer[at] == ',' || buffer[at] == ':') {
          at++;
          space();
        } else {
          skip(depth + 1);
        }
      }
      at++;
    } else {
      int start = at;
      while (at < end && ",]} \t\r".indexOf(buffer[at]) < 0) {
        at++;
      }
      if (at == start || at - start > 400) {
        throw broken("has no value where one is expected");
      }
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
