package dev.banyan.grow.write;

import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.recipe.MomentRecipe;
import dev.banyan.grow.rows.GrownTensor;
import dev.banyan.grow.rows.Rows;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.SafetensorsHeader;
import dev.banyan.weights.SafetensorsWriter;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * AdamW's moments of a checkpoint of ours, grown along with its weights: {@code
 * optimizer.safetensors} with {@code NAME.exp_avg}, {@code NAME.exp_avg_sq} and {@code step}.
 */
public final class GrownMoments {
  /** The file's name in a checkpoint. */
  public static final String FILE = "optimizer.safetensors";

  private static final String STEP = "step";
  private static final long BLOCK_BYTES = 2 << 20;

  private GrownMoments() {}

  /** Moments as they are stored. */
  private record Stored(SafetensorsFile file) implements Rows {
    @Override
    public TensorSpec spec(String name) {
      return file.tensor(name).spec();
    }

    @Override
    public void read(String name, long first, int count, MemorySegment into) {
      long rowBytes = Rows.columns(spec(name)) * spec(name).type().bytes();
      file.read(name, first * rowBytes, into.asSlice(0, count * rowBytes).asByteBuffer());
    }
  }

  /** Writes the target's moments if the source has any and the target does not yet. */
  public static void carry(Path source, Path target, Recipe recipe) {
    Path from = source.resolve(FILE);
    Path to = target.resolve(FILE);
    if (!Files.exists(from) || Files.exists(to)) {
      return;
    }
    List<Recipe> recipes = List.of(MomentRecipe.first(recipe), MomentRecipe.second(recipe));
    List<TensorSpec> specs = new ArrayList<>();
    for (Recipe each : recipes) {
      each.tensors().forEach(tensor -> specs.add(tensor.spec()));
    }
    specs.add(TensorSpec.of(STEP, StoredType.I64, 1));
    var header = SafetensorsHeader.of(specs, Map.of("format", "pt"));
    try (var file = SafetensorsFile.open(from);
        var writer = SafetensorsWriter.open(to, header)) {
      for (Recipe each : recipes) {
        for (TensorRecipe tensor : each.tensors()) {
          write(each, tensor, new Stored(file), writer);
        }
      }
      writer.write(STEP, file.tensor(STEP).data());
      writer.commit();
    }
  }

  private static void write(
      Recipe recipe, TensorRecipe tensor, Rows sources, SafetensorsWriter writer) {
    TensorSpec spec = tensor.spec();
    long rowBytes = Rows.columns(spec) * spec.type().bytes();
    long rows = Rows.rows(spec);
    int most = (int) Math.clamp(BLOCK_BYTES / rowBytes, 1, rows);
    try (Arena arena = Arena.ofConfined()) {
      var grown = new GrownTensor(recipe, tensor, sources, arena);
      MemorySegment block = arena.allocate(most * rowBytes, 8);
      for (long row = 0; row < rows; row += most) {
        int count = (int) Math.min(most, rows - row);
        grown.make(row, count, block);
        writer.write(spec.name(), row * rowBytes, block.asSlice(0, count * rowBytes));
      }
    }
  }
}
