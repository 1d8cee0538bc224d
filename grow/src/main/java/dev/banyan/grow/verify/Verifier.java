package dev.banyan.grow.verify;

import dev.banyan.core.Progress;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Exactness;
import dev.banyan.grow.GrowthStep;
import dev.banyan.grow.Measured;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.Sample;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.Verdict;
import dev.banyan.grow.recipe.DroppedValues;
import dev.banyan.grow.recipe.RecipeMaker;
import dev.banyan.grow.recipe.RecipeText;
import dev.banyan.grow.rows.GrownRows;
import dev.banyan.grow.rows.Rows;
import dev.banyan.grow.rows.StoredRows;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds out whether a target is what its recipe says, and computes what its source does. */
public final class Verifier {
  private static final int ROWS_COMPARED = 3;

  private final WeightFolder source;
  private final WeightFolder target;
  private final Rows sourceRows;
  private final int[][] prompts;
  private final int tokens;

  private Verifier(WeightFolder source, WeightFolder target, Sample sample) {
    this.source = source;
    this.target = target;
    this.sourceRows = new StoredRows(source);
    int vocabulary = source.config().vocabSize();
    this.prompts = Prompts.random(sample.prompts(), sample.length(), vocabulary, sample.seed());
    this.tokens = sample.prompts() * sample.length();
  }

  /** The verdict. */
  public static Verdict verify(
      WeightFolder source, WeightFolder target, Sample sample, Progress progress) {
    if (source.config().vocabSize() != target.config().vocabSize()) {
      throw new UserInputException(
          "%s has %d words, %s has %d: they cannot be compared"
              .formatted(
                  source.path(),
                  source.config().vocabSize(),
                  target.path(),
                  target.config().vocabSize()));
    }
    return new Verifier(source, target, sample).verdict(progress);
  }

  private Verdict verdict(Progress progress) {
    Recipe recipe = recipe();
    progress.step(0, "source");
    var before = ReferenceForward.run(source.config(), source.expertNaming(), sourceRows, prompts);
    progress.step(1, "target");
    var after =
        ReferenceForward.run(
            target.config(), target.expertNaming(), new StoredRows(target), prompts);
    Measured measured = Comparison.logits(before.logits(), after.logits(), tokens);
    if (recipe == null) {
      return new Verdict(measured, List.of(), List.of(), 0, "", Exactness.INEXACT, false, tokens);
    }
    progress.step(2, "tensors");
    String differing = differing(recipe);
    List<Verdict.Step> steps = new ArrayList<>();
    for (GrowthStep step : recipe.steps()) {
      progress.step(3L + steps.size(), step.name());
      steps.add(step(recipe, step, before.logits()));
    }
    return new Verdict(
        measured,
        steps,
        Comparison.layers(recipe, before.layers(), after.layers(), tokens),
        recipe.tensors().size(),
        differing,
        recipe.exactness(),
        recipe.rounds(),
        tokens);
  }

  private @Nullable Recipe recipe() {
    Path file = target.path().resolve(Recipe.FILE);
    if (!Files.exists(file)) {
      return null;
    }
    try {
      Recipe recipe = RecipeText.read(file.toString(), Files.readAllBytes(file));
      if (!recipe.sourceConfig().toJson().equals(source.config().toJson())) {
        throw new UserInputException(
            "%s was grown from another model than %s: their config.json differ"
                .formatted(target.path(), source.path()));
      }
      return recipe;
    } catch (IOException e) {
      throw new UserInputException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The step alone, from the source, before its weights are rounded to be stored. */
  private Verdict.Step step(Recipe recipe, GrowthStep step, double[] before) {
    Recipe alone =
        DroppedValues.measured(
            RecipeMaker.make(
                source.config(),
                source.expertNaming(),
                recipe.options().only(step),
                name -> source.spec(name).map(TensorSpec::type).orElse(StoredType.F32)),
            sourceRows);
    try (Arena arena = Arena.ofShared()) {
      var rows = GrownRows.exact(alone, sourceRows, arena);
      var after =
          ReferenceForward.run(
              alone.targetConfig(), dev.banyan.weights.config.ExpertNaming.SEPARATE, rows, prompts);
      Measured measured = Comparison.logits(before, after.logits(), tokens);
      return new Verdict.Step(
          step.name(),
          step.method(),
          step.exactness(),
          measured.maxRelativeError(),
          measured.exactness());
    }
  }

  /** The first tensor some row of which is not what the recipe makes. */
  private String differing(Recipe recipe) {
    Rows stored = new StoredRows(target);
    for (TensorRecipe tensor : recipe.tensors()) {
      String name = tensor.spec().name();
      if (!stored.spec(name).equals(tensor.spec())) {
        return name;
      }
      try (Arena arena = Arena.ofConfined()) {
        var made = GrownRows.of(recipe, sourceRows, arena);
        long rows = Rows.rows(tensor.spec());
        long rowBytes = Rows.columns(tensor.spec()) * tensor.spec().type().bytes();
        MemorySegment expected = arena.allocate(rowBytes, 8);
        MemorySegment found = arena.allocate(rowBytes, 8);
        var places = new TreeSet<Long>();
        for (int i = 0; i < ROWS_COMPARED; i++) {
          places.add(
              rows * i / ROWS_COMPARED
                  + (i == ROWS_COMPARED - 1 ? rows - 1 - rows * i / ROWS_COMPARED : 0));
        }
        for (long row : places) {
          made.read(name, row, 1, expected);
          stored.read(name, row, 1, found);
          if (expected.mismatch(found) >= 0) {
            return name;
          }
        }
      }
    }
    return "";
  }
}
