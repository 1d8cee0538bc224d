package dev.banyan.grow.write;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Hashes as hexadecimal digits. */
final class Sha256 {
  private Sha256() {}

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String of(String text) {
    return hex(digest().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  static String hex(byte[] hash) {
    return HexFormat.of().formatHex(hash);
  }

  /** Over {@code hash name} lines in the order of names: one hash for a whole model. */
  static String over(Map<String, String> hashes) {
    var text = new StringBuilder();
    new TreeMap<>(hashes)
        .forEach((name, hash) -> text.append(hash).append("  ").append(name).append('\n'));
    return of(text.toString());
  }
}
