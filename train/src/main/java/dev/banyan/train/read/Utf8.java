package dev.banyan.train.read;

/** Well-formed UTF-8 as table 3-7 of the Unicode Standard has it. */
final class Utf8 {
  private Utf8() {}

  /**
   * Where in {@code bytes[from, to)} the first byte stands that is no part of a character, or -1.
   */
  static int firstInvalid(byte[] bytes, int from, int to) {
    int at = from;
    while (at < to) {
      int lead = bytes[at];
      if (lead >= 0) {
        at++;
        continue;
      }
      int length = sequenceLength(lead & 0xff);
      if (length == 0 || at + length > to || !isTail(bytes, at, length)) {
        return at;
      }
      at += length;
    }
    return -1;
  }

  private static int sequenceLength(int lead) {
    if (lead >= 0xc2 && lead <= 0xdf) {
      return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
      return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  }

  private static boolean isTail(byte[] bytes, int at, int length) {
    int second = bytes[at + 1] & 0xff;
    int low =
        switch (bytes[at] & 0xff) {
          case 0xe0 -> 0xa0;
          case 0xf0 -> 0x90;
          default -> 0x80;
        };
    int high =
        switch (bytes[at] & 0xff) {
          case 0xed -> 0x9f;
          case 0xf4 -> 0x8f;
          default -> 0xbf;
        };
    if (second < low || second > high) {
      return false;
    }
    for (int i = 2; i < length; i++) {
      if ((bytes[at + i] & 0xc0) != 0x80) {
        return false;
      }
    }
    return true;
  }
}
