package dev.banyan.plan;

/**
 * The smallest arena by trying every order: in some order an optimal layout has each buffer on top
 * of those before it that it meets. For a handful of buffers.
 */
final class BruteForce {
  private final Buffers buffers;
  private final long[] end;
  private final boolean[] placed;
  private long best = Long.MAX_VALUE;

  private BruteForce(Buffers buffers) {
    this.buffers = buffers;
    end = new long[buffers.count()];
    placed = new boolean[buffers.count()];
  }

  static long smallestArena(Buffers buffers) {
    var force = new BruteForce(buffers);
    force.place(0, 0);
    return force.best;
  }

  private void place(int count, long height) {
    if (height >= best) {
      return;
    }
    if (count == end.length) {
      best = height;
      return;
    }
    for (int i = 0; i < end.length; i++) {
      if (!placed[i]) {
        Buffer each = buffers.get(i);
        long offset = 0;
        for (int j = 0; j < end.length; j++) {
          if (placed[j] && each.meets(buffers.get(j))) {
            offset = Math.max(offset, end[j]);
          }
        }
        offset =
            (offset + each.alignmentBytes() - 1) / each.alignmentBytes() * each.alignmentBytes();
        placed[i] = true;
        end[i] = offset + each.sizeBytes();
        place(count + 1, Math.max(height, end[i]));
        placed[i] = false;
      }
    }
  }
}
