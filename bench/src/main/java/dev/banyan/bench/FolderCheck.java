package dev.banyan.bench;

import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.RotaryFrequencies;
import dev.banyan.model.Verification;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model folder beside what another library computed for it, and written back.
 *
 * @param name of the folder
 * @param verification logits and greedy answers against {@code oracle.json}, in f32
 * @param sameBytes whether weights and index written back are the bytes that were read
 */
public record FolderCheck(String name, Verification verification, boolean sameBytes) {
  private static final String ORACLE = "oracle.json";

  /** Whether nothing differs by more than {@code tolerance}. */
  public boolean holds(double tolerance) {
    return verification.holds(tolerance) && sameBytes;
  }

  /**
   * Checks every folder in {@code folders} that has an {@code oracle.json}. One that was recorded
   * from a model cast to 16 bits, rotary frequencies and all, is computed in the same way.
   *
   * @throws UserInputException when there is none
   */
  public static List<FolderCheck> all(Path folders, double tolerance, Progress progress) {
    List<FolderCheck> checks = new ArrayList<>();
    try (var list = Files.list(folders)) {
      for (Path folder : list.filter(FolderCheck::isRecorded).sorted().toList()) {
        checks.add(of(folder, tolerance));
        progress.step(checks.size(), folder.getFileName() + "");
      }
    } catch (IOException e) {
      throw new UserInputException(folders + ": there is no such folder", e);
    }
    if (checks.isEmpty()) {
      throw new UserInputException(
          folders + ": holds no model folder with an " + ORACLE + " beside its config.json");
    }
    return checks;
  }

  private static boolean isRecorded(Path folder) {
    return Files.exists(folder.resolve(ORACLE)) && Files.exists(folder.resolve(ModelConfig.FILE));
  }

  private static FolderCheck of(Path folder, double tolerance) {
    var recording = Verification.Recording.read(folder.resolve(ORACLE));
    var found = Verification.of(folder, recording, RotaryFrequencies.EXACT);
    StoredType type = ModelConfig.read(folder.resolve(ModelConfig.FILE)).type();
    boolean narrow = type == StoredType.BF16 || type == StoredType.F16;
    if (narrow && !found.holds(tolerance)) {
      found = Verification.of(folder, recording, RotaryFrequencies.AS_STORED);
    }
    return new FolderCheck(folder.getFileName() + "", found, isWrittenAlike(folder));
  }

  private static boolean isWrittenAlike(Path folder) {
    try (WorkFolder work = WorkFolder.open();
        LanguageModel model = LanguageModel.open(folder);
        var files = Files.list(folder)) {
      Path copy = work.file("copy");
      model.save(copy);
      for (Path file : files.filter(path -> path.toString().contains(".safetensors")).toList()) {
        Path written = copy.resolve(file.getFileName());
        if (!Files.exists(written) || Files.mismatch(file, written) != -1) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
