package dev.banyan.serve.engine;

import dev.banyan.serve.EngineProfile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Computes nothing and takes as long as a profile says, so that a cluster of them can be tried on a
 * machine that could not compute. Its tokens depend on place and last token alone. A profile has
 * the time from step to step, as it was measured, so what an engine does between two steps is part
 * of the second: it sleeps so much less.
 */
public final class PacedForward implements Forward {
  /** Tokens it may answer with; a prompt may have any. */
  public static final int VOCABULARY = 64;

  /** What passes between two steps of a busy engine at most; after more it was idle. */
  private static final long BETWEEN_NANOS = 2_000_000;

  private final EngineProfile profile;
  private final ByteBuffer memory;
  private final int blockBytes;

  /** When the last step was to end; {@link Long#MIN_VALUE} before the first. */
  private long last = Long.MIN_VALUE;

  /** With {@code blockBytes} of memory per block, to be moved. */
  public PacedForward(EngineProfile profile, int blockBytes) {
    this.profile = profile;
    this.blockBytes = blockBytes;
    this.memory = ByteBuffer.allocateDirect(profile.memory().blocks() * blockBytes);
  }

  @Override
  public List<float[]> step(List<Piece> pieces) {
    long now = System.nanoTime();
    long start = last != Long.MIN_VALUE && now - last < BETWEEN_NANOS ? last : now;
    int prefill = 0;
    int decodes = 0;
    long context = 0;
    List<float[]> scores = new ArrayList<>(pieces.size());
    for (Piece each : pieces) {
      if (each.ids().length > 1) {
        prefill += each.ids().length;
      } else {
        decodes++;
        context += each.past();
      }
      int rows = each.everyScore() ? each.ids().length : 1;
      var all = new float[rows * VOCABULARY];
      for (int row = 0; row < rows; row++) {
        int index = each.ids().length - rows + row;
        // 8 up to 63: no token that could end an answer or has no text
        all[row * VOCABULARY + 8 + (each.ids()[index] * 7 + each.past() + index) % 56] = 1;
      }
      scores.add(all);
    }
    double decode = decodes > 0 ? profile.decodeSeconds(context, decodes) : 0;
    long end = start + (long) ((profile.prefillSeconds(prefill) + decode) * 1e9);
    last = end;
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
    return scores;
  }

  @Override
  public ByteBuffer block(int block) {
    return memory.slice(block * blockBytes, blockBytes);
  }

  @Override
  public long blockBytes() {
    return blockBytes;
  }

  @Override
  public @Nullable Guide guide(String schema) {
    return null;
  }

  @Override
  public void close() {}
}
