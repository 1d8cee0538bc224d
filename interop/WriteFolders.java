import dev.banyan.core.Seed;
import dev.banyan.model.Batch;
import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Precision;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Writes model folders with Banyan, each with the logits Banyan computes, for check_folders.py: every
 * folder under IN read for training and written as f32 and bf16, and a fresh model of its config.
 *
 * <p>usage: java -cp 'cli/target/banyan.jar:cli/target/lib/*' interop/WriteFolders.java IN OUT
 */
final class WriteFolders {
  private static final int[] IDS = {5, 60, 7, 190, 3, 3, 81, 44, 17, 9, 110, 150, 23, 42, 64, 8, 99, 12, 13, 14};

  public static void main(String[] args) throws Exception {
    List<Path> folders;
    try (var list = Files.list(Path.of(args[0]))) {
      folders = list.sorted().toList();
    }
    for (Path folder : folders) {
      String name = folder.getFileName().toString();
      for (StoredType type : List.of(StoredType.F32, StoredType.BF16)) {
        Path target = Path.of(args[1], name + "-" + type);
        try (var model = LanguageModel.openTrainable(folder, Precision.F32)) {
          model.save(target, type, files -> {});
        }
        record(target);
      }
      Path fresh = Path.of(args[1], name + "-fresh");
      ModelConfig config = ModelConfig.read(folder.resolve("config.json"));
      try (var model = LanguageModel.create(config, new Seed(1), Precision.F32)) {
        model.save(fresh);
      }
      record(fresh);
    }
  }

  private static void record(Path folder) throws Exception {
    try (var model = LanguageModel.open(folder);
        var scope = Scope.open();
        var guard = Guard.noGrad()) {
      float[] logits = model.forward(Batch.of(IDS), KvStore.none()).toFloats();
      Files.writeString(
          folder.resolve("banyan.json"),
          "{\"input_ids\": [" + Arrays.toString(IDS) + "], \"logits\": " + Arrays.toString(logits) + "}");
    }
  }
}
