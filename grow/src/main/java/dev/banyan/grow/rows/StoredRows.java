package dev.banyan.grow.rows;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.WeightFolder;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Rows of a model folder, read where they lie: nothing is mapped, so nothing read stays resident.
 *
 * @param bytesRead counts what was read
 */
public record StoredRows(WeightFolder folder, AtomicLong bytesRead) implements Rows {
  public StoredRows(WeightFolder folder) {
    this(folder, new AtomicLong());
  }

  @Override
  public TensorSpec spec(String name) {
    return folder
        .spec(name)
        .orElseThrow(
            () ->
                new UserInputException(
                    folder.path() + ": has no tensor '" + name + "', which the recipe takes"));
  }

  @Override
  public void read(String name, long first, int count, MemorySegment into) {
    TensorSpec spec = spec(name);
    long rowBytes = Rows.columns(spec) * spec.type().bytes();
    folder.read(name, first * rowBytes, into.asSlice(0, count * rowBytes).asByteBuffer());
    bytesRead.addAndGet(count * rowBytes);
  }
}
