package dev.banyan.plan.read.hlo;

import java.util.List;

/** XLA's element types: the numbers of {@code xla_data.proto}, the names of its text. */
final class HloType {
  private static final List<String> NAMES =
      List.of(
          "invalid",
          "pred",
          "s8",
          "s16",
          "s32",
          "s64",
          "u8",
          "u16",
          "u32",
          "u64",
          "f16",
          "f32",
          "f64",
          "tuple",
          "opaque",
          "c64",
          "bf16",
          "token",
          "c128",
          "f8e5m2",
          "f8e4m3fn",
          "s4",
          "u4",
          "f8e4m3b11fnuz",
          "f8e5m2fnuz",
          "f8e4m3fnuz",
          "s2",
          "u2",
          "f8e4m3",
          "f8e3m4",
          "s1",
          "u1",
          "f4e2m1fn",
          "f8e8m0fnu");

  private HloType() {}

  /** The name of a number, or empty when there is none. */
  static String name(long number) {
    return number > 0 && number < NAMES.size() ? NAMES.get((int) number) : "";
  }

  static boolean isName(String name) {
    return NAMES.contains(name);
  }

  /** Bytes of an element. */
  static long bytes(String name) {
    return switch (name) {
      case "token", "opaque", "tuple" -> 0;
      case "s16", "u16", "f16", "bf16" -> 2;
      case "s32", "u32", "f32" -> 4;
      case "s64", "u64", "f64", "c64" -> 8;
      case "c128" -> 16;
      default -> 1;
    };
  }
}
