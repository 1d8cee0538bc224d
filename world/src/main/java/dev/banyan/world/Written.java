package dev.banyan.world;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What was written: the folder, its files with their bytes and SHA-256, documents and text bytes
 * per domain, training and test exercises per category (a finite category may have fewer test
 * questions than asked for).
 */
public record Written(
    Path folder,
    List<WrittenFile> files,
    Map<String, Count> domains,
    Map<String, Integer> trainSkills,
    Map<String, Integer> testSkills) {
  public Written {
    files = List.copyOf(files);
    domains = Map.copyOf(domains);
    trainSkills = Map.copyOf(trainSkills);
    testSkills = Map.copyOf(testSkills);
  }

  /** One file of the folder; the hash is lower-case hex. */
  public record WrittenFile(String name, long bytes, String sha256) {}

  /** Documents of one domain and the UTF-8 bytes of their text. */
  public record Count(long documents, long textBytes) {}
}
