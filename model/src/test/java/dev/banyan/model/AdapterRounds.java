package dev.banyan.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A process of {@link LoadedAdapterTest}, whose heap is fixed and touched from the start: loads,
 * uses and closes adapters and prints by how many bytes 500 rounds made it grow.
 */
final class AdapterRounds {
  private AdapterRounds() {}

  /**
   * @param folders adapters of the model llama-gqa
   */
  public static void main(String[] folders) throws IOException {
    List<Adapter> read =
        Arrays.stream(folders).map(folder -> Adapter.open(Path.of(folder))).toList();
    long before = 0;
    try (var model = LanguageModel.open(Oracle.folder("llama-gqa"))) {
      for (int round = 0; round < 650; round++) {
        if (round == 150) {
          before = residentBytes();
        }
        for (Adapter adapter : read) {
          try (LoadedAdapter loaded = model.load(adapter)) {
            var unused = LoadedAdapterTest.scores(model, loaded, new int[] {1, 2, 3});
          }
        }
      }
    }
    System.out.println(residentBytes() - before);
  }

  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1)[1];
    return 4096 * Long.parseLong(pages);
  }
}
