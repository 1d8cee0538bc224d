package dev.banyan.cluster.lab;

import java.nio.file.Path;
import java.util.List;

/** The running JVM's own {@code java}, with few megabytes and one compiler. */
final class Jvm {
  private Jvm() {}

  static List<String> small() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx32m",
        "-Xss256k",
        "-XX:-UsePerfData",
        "-cp",
        System.getProperty("java.class.path"));
  }
}
