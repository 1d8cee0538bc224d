package dev.banyan.model.tokenize;

/**
 * The byte alphabet of GPT-2's tokenizer: every byte is written as one printable character, so that
 * a vocabulary of byte strings can be stored as text. Printable Latin-1 bytes stand for themselves,
 * the other 68 are moved to U+0100 and up in order of their value (Radford et al. 2019, {@code
 * bytes_to_unicode} of the released encoder).
 */
public final class ByteAlphabet {
  private static final char[] CHARACTER_OF_BYTE = characters();
  private static final short[] BYTE_OF_CHARACTER = bytes();

  private ByteAlphabet() {}

  /** The character that stands for {@code value}, 0 to 255. */
  public static char character(int value) {
    return CHARACTER_OF_BYTE[value];
  }

  /** The byte, 0 to 255, that {@code character} stands for, or -1 if it stands for none. */
  public static int value(char character) {
    return character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : -1;
  }

  private static char[] characters() {
    var characters = new char[256];
    char moved = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value >= 0x21 && value <= 0x7e) || (value >= 0xa1 && value <= 0xff && value != 0xad);
      characters[value] = printable ? (char) value : moved++;
    }
    return characters;
  }

  private static short[] bytes() {
    var bytes = new short[256 + 68];
    java.util.Arrays.fill(bytes, (short) -1);
    for (int value = 0; value < 256; value++) {
      bytes[CHARACTER_OF_BYTE[value]] = (short) value;
    }
    return bytes;
  }
}
