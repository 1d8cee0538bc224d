package dev.banyan.grow;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.recipe.DroppedValues;
import dev.banyan.grow.recipe.RecipeMaker;
import dev.banyan.grow.recipe.RecipeText;
import dev.banyan.grow.rows.GrownRows;
import dev.banyan.grow.rows.RandomRows;
import dev.banyan.grow.rows.StoredRows;
import dev.banyan.grow.verify.Comparison;
import dev.banyan.grow.verify.Prompts;
import dev.banyan.grow.verify.ReferenceForward;
import dev.banyan.grow.verify.Verifier;
import dev.banyan.grow.write.FolderGrower;
import dev.banyan.grow.write.GrownMoments;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import dev.banyan.weights.config.ExpertNaming;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Makes larger models out of small ones: wider, deeper, with more heads, as mixtures of experts.
 *
 * <pre>{@code
 * Size size = new Size(5120, 40, 40, 8, 20480, null);
 * Recipe recipe = Growth.plan(source, GrowthOptions.to(size));   // decides, reads shapes only
 * Grown grown = Growth.run(source, target, recipe, Progress.none()); // writes row blocks
 * Verdict verdict = Growth.verify(source, target, Sample.few(), Progress.none());
 * }</pre>
 *
 * <p>Exact where mathematics allows it, and where it does not the recipe says so before anything is
 * written. Plain Java on files: memory is some blocks of rows, whatever the size of the model, and
 * a run that was killed goes on to the same bytes.
 */
public final class Growth {
  private Growth() {}

  /**
   * Decides how {@code source} becomes what {@code options} ask for. Reads configuration and
   * headers; weights only for Drop-Upcycling, which draws from measured deviations.
   *
   * @throws UserInputException for a source that is no sound dense or sparse model folder, a target
   *     that is smaller, does not divide, or is of a family the source cannot become
   */
  public static Recipe plan(Path source, GrowthOptions options) {
    try (WeightFolder folder = open(source)) {
      Recipe recipe =
          RecipeMaker.make(
              folder.config(),
              folder.expertNaming(),
              options,
              name -> folder.spec(name).map(TensorSpec::type).orElse(StoredType.F32));
      return DroppedValues.measured(recipe, new StoredRows(folder));
    }
  }

  private static WeightFolder open(Path source) {
    WeightFolder folder = WeightFolder.open(source);
    try {
      if (folder.config().otherKeys().containsKey("quantization_config")) {
        throw new UserInputException(
            source
                + ": is quantised (config.json has quantization_config); grow the model it was"
                + " quantised from");
      }
      folder.check();
      for (String name : folder.names()) {
        StoredType type = folder.spec(name).map(TensorSpec::type).orElse(StoredType.F32);
        if (type == StoredType.F8_E4M3 || type == StoredType.F8_E5M2) {
          throw new UserInputException(
              "%s: tensor '%s' is stored as %s, which is quantised; grow the model it was made from"
                  .formatted(source, name, type));
        }
      }
      return folder;
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /** The parameters of a model folder. */
  public static ModelConfig config(Path source) {
    return ModelConfig.read(source.resolve(ModelConfig.FILE));
  }

  /** Writes a recipe, atomically. */
  public static void write(Recipe recipe, Path file) throws IOException {
    AtomicFile.writeString(file, RecipeText.write(recipe));
  }

  /**
   * Reads a recipe.
   *
   * @throws UserInputException when it is none
   */
  public static Recipe readRecipe(Path file) {
    try {
      return RecipeText.read(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read; expected a growth recipe", e);
    }
  }

  /**
   * Makes {@code target} out of {@code source}. The folder appears when it is whole; until then a
   * hidden folder beside it keeps what is done, and the same call goes on from there. Bytes do not
   * depend on threads or interruptions. The moments of a training checkpoint of ours grow too.
   *
   * @throws UserInputException when source and recipe do not fit, the target exists, or the disk is
   *     full
   */
  public static Grown run(Path source, Path target, Recipe recipe, Progress progress) {
    try (WeightFolder folder = open(source)) {
      Grown grown =
          FolderGrower.run(
              folder, target, recipe, Runtime.getRuntime().availableProcessors(), progress);
      GrownMoments.carry(source, target, recipe);
      return grown;
    }
  }

  /** How many bytes {@link #run} writes, for a bar. */
  public static long bytes(Recipe recipe) {
    return recipe.bytes();
  }

  /**
   * Compares what {@code target} computes with what {@code source} does, by a forward pass in
   * doubles, a layer at a time; with the recipe in the target's folder also each step alone and
   * every tensor with what the recipe says.
   *
   * @throws UserInputException when one of them is no model folder, or they cannot be compared
   */
  public static Verdict verify(Path source, Path target, Sample sample, Progress progress) {
    try (WeightFolder from = open(source);
        WeightFolder to = open(target)) {
      return Verifier.verify(from, to, sample, progress);
    }
  }

  /**
   * What {@code options} do to a random model of {@code config}, without any file: weights and
   * arithmetic in doubles.
   */
  public static Measured trial(ModelConfig config, GrowthOptions options, Seed seed) {
    var rows = new RandomRows(config, StoredType.F64, seed);
    Recipe recipe =
        DroppedValues.measured(
            RecipeMaker.make(config, ExpertNaming.SEPARATE, options, name -> StoredType.F64), rows);
    int[][] prompts = Prompts.random(2, 6, config.vocabSize(), seed);
    var before = ReferenceForward.run(config, ExpertNaming.SEPARATE, rows, prompts);
    try (Arena arena = Arena.ofConfined()) {
      var after =
          ReferenceForward.run(
              recipe.targetConfig(),
              ExpertNaming.SEPARATE,
              GrownRows.of(recipe, rows, arena),
              prompts);
      return Comparison.logits(before.logits(), after.logits(), 12);
    }
  }

  /** The steps a recipe for a model of {@code config} stored as {@code type} would have. */
  public static List<GrowthStep> steps(ModelConfig config, GrowthOptions options, StoredType type) {
    return RecipeMaker.make(config, ExpertNaming.SEPARATE, options, name -> type).steps();
  }
}
