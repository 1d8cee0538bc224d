package dev.banyan.train.checkpoint;

import dev.banyan.core.AtomicFolder;
import dev.banyan.core.UserInputException;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.AdamW;
import dev.banyan.weights.StoredType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The checkpoints of one run: {@code OUT/checkpoint-<step>}, each a Hugging Face model folder with
 * {@code optimizer.safetensors} and {@code trainer_state.json}, and at the end {@code OUT/model}. A
 * folder appears only when all of it is on disk.
 */
public final class Checkpoints {
  private static final String PREFIX = "checkpoint-";

  private final Path out;
  private final int keep;

  public Checkpoints(Path out, int keep) {
    this.out = out;
    this.keep = keep;
  }

  /** A folder that is whole, with its state. */
  public record Found(Path folder, TrainerState state) {}

  /** Where the finished model stands. */
  public Path model() {
    return out.resolve("model");
  }

  /** The finished model, if the run came to its end. */
  public Optional<Found> finished() {
    recover(model());
    return Files.exists(model().resolve(TrainerState.FILE))
        ? Optional.of(new Found(model(), TrainerState.read(model())))
        : Optional.empty();
  }

  /** The checkpoint to go on from. */
  public Optional<Found> latest() {
    List<Path> folders = folders();
    return folders.isEmpty()
        ? Optional.empty()
        : Optional.of(new Found(folders.getLast(), TrainerState.read(folders.getLast())));
  }

  /**
   * Refuses to end in a folder that this run did not write: its model would be replaced.
   *
   * @throws UserInputException when something without a run's state has the finished model's place
   */
  public void requireNoOtherModel() {
    boolean ours = Files.exists(model().resolve(TrainerState.FILE));
    boolean free = !Files.exists(model()) || isEmptyFolder(model());
    if (!ours && !free) {
      throw new UserInputException(
          "%s: the finished model goes there, but what is there was not written by a run (it has no %s). Use another out, or move it away."
              .formatted(model(), TrainerState.FILE));
    }
  }

  private static boolean isEmptyFolder(Path path) {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (var list = Files.list(path)) {
      return list.findAny().isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(path + " cannot be read", e);
    }
  }

  /**
   * Refuses to mix runs.
   *
   * @throws UserInputException naming the first difference
   */
  public void requireSame(Found found, TrainerState now) {
    var names = new TreeSet<>(found.state.recipe().keySet());
    names.addAll(now.recipe().keySet());
    for (String name : names) {
      String before = found.state.recipe().getOrDefault(name, "absent");
      String after = now.recipe().getOrDefault(name, "absent");
      if (!before.equals(after)) {
        throw new UserInputException(
            "%s holds a run with %s %s, now it is %s. Use another out, or remove the folder to begin anew."
                .formatted(out, name, before, after));
      }
    }
  }

  /** Removes what another run left here; a run with the recipe of {@code now} stays. */
  public void removeOthers(TrainerState now) {
    for (Path folder : folders()) {
      if (!TrainerState.read(folder).recipe().equals(now.recipe())) {
        remove(folder);
      }
    }
    if (Files.exists(aside())) {
      remove(aside()); // left by one who was stopped right here
    }
    Optional<Found> finished = finished();
    if (finished.isPresent() && !finished.get().state().recipe().equals(now.recipe())) {
      try {
        // half-removed in its place it would look like a model that no run wrote
        Files.move(model(), aside(), StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw new UncheckedIOException(model() + " cannot be removed", e);
      }
      remove(aside());
    }
  }

  private Path aside() {
    return out.resolve("model.removed");
  }

  /** Writes a checkpoint, then removes those beyond the newest {@code keep}. */
  public Path write(LanguageModel model, AdamW optimizer, TrainerState state, Path tokenizer) {
    Path target = out.resolve(PREFIX + state.step());
    model.save(
        target,
        StoredType.F32,
        folder -> {
          OptimizerFile.write(folder, model, optimizer);
          state.write(folder);
          copyTokenizer(tokenizer, folder);
        });
    List<Path> whole = folders();
    Set<Path> kept = Set.copyOf(whole.subList(Math.max(0, whole.size() - keep), whole.size()));
    for (Path folder : named()) {
      if (!kept.contains(folder)) {
        remove(folder);
      }
    }
    return target;
  }

  /** Writes the finished model, without the optimizer. */
  public Path finish(LanguageModel model, TrainerState state, Path tokenizer) {
    model.save(
        model(),
        StoredType.F32,
        folder -> {
          state.write(folder);
          copyTokenizer(tokenizer, folder);
        });
    return model();
  }

  /** Checkpoints that are whole, oldest first. */
  private List<Path> folders() {
    return named().stream().filter(path -> Files.exists(path.resolve(TrainerState.FILE))).toList();
  }

  /** All that is named as a checkpoint, half-removed ones too, oldest first. */
  private List<Path> named() {
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new UserInputException(
          out + ": is a file; out is a run's folder, so name one or a new one");
    }
    if (!Files.exists(out)) {
      return List.of();
    }
    try (var list = Files.list(out)) {
      return new ArrayList<>(
          list.filter(path -> step(path) >= 0)
              .sorted(Comparator.comparingLong(Checkpoints::step))
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(out + " cannot be read", e);
    }
  }

  /** The step in a checkpoint's name, -1 for other names. */
  private static long step(Path folder) {
    Path name = folder.getFileName();
    String digits =
        name != null && name.toString().startsWith(PREFIX)
            ? name.toString().substring(PREFIX.length())
            : "";
    return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : -1;
  }

  /** The tokenizer that was trained with, in place of what came along with a start model. */
  private static void copyTokenizer(Path tokenizer, Path folder) throws IOException {
    for (var file : Tokenizer.files(tokenizer).entrySet()) {
      Files.copy(
          file.getValue(), folder.resolve(file.getKey()), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void recover(Path folder) {
    try {
      AtomicFolder.recover(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be read", e);
    }
  }

  /** Takes the state away first, so that a half-removed folder is no checkpoint. */
  private static void remove(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(TrainerState.FILE));
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder + " cannot be removed", e);
    }
  }
}
