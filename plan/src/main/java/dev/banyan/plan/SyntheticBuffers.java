package dev.banyan.plan;

import dev.banyan.core.Seed;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/** Made-up layout problems of any size, for tests and measurements. */
public enum SyntheticBuffers {
  /**
   * A training step: activations born in the forward half that die in reverse order in the backward
   * half, a few steps early or late; gradients and temporaries of a few steps; some weight
   * gradients that stay to the end. Sizes come from the few shapes of a model.
   */
  TRAINING {
    @Override
    List<Buffer> make(int count, RandomGenerator random) {
      return training(count, random);
    }
  },
  /** Births anywhere, lifetimes and sizes over five orders of magnitude. */
  RANDOM {
    @Override
    List<Buffer> make(int count, RandomGenerator random) {
      return random(count, random);
    }
  },
  /**
   * A full rectangle cut again and again, so the load is the same everywhere and there is a layout
   * that wastes nothing: the hardest kind for greedy placement.
   */
  CUT {
    @Override
    List<Buffer> make(int count, RandomGenerator random) {
      return cut(count, random);
    }
  };

  private static final long GRAIN = 512;

  /** This many buffers; the same seed gives the same. */
  public Buffers of(int count, Seed seed) {
    if (count < 1) {
      throw new IllegalArgumentException("count = " + count + ", must be at least 1");
    }
    return new Buffers(make(count, seed.stream("buffers", name(), count)));
  }

  abstract List<Buffer> make(int count, RandomGenerator random);

  private static List<Buffer> training(int count, RandomGenerator random) {
    int perLayer = 24;
    int layers = Math.max(1, count / perLayer);
    long steps = 2L * count;
    long[] shapes = new long[12];
    for (int i = 0; i < shapes.length; i++) {
      shapes[i] = GRAIN * (1 + random.nextLong(1L << random.nextInt(4, 16)));
    }
    List<Buffer> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long birth = (long) i * steps / 2 / count;
      long mirror = steps - 1 - birth;
      long size = shapes[(i % perLayer * 7 + i / perLayer * layers % 3) % shapes.length];
      int kind = random.nextInt(10);
      if (kind < 4) {
        long death = mirror + random.nextLong(-8, 9);
        list.add(Buffer.of(size, birth, Math.clamp(death, birth + 1, steps)));
      } else if (kind < 6) {
        list.add(Buffer.of(size, birth, birth + 1 + random.nextLong(6)));
      } else if (kind < 9) {
        list.add(Buffer.of(size, mirror, Math.min(steps, mirror + 1 + random.nextLong(6))));
      } else {
        list.add(Buffer.of(size / 8 + GRAIN - size / 8 % GRAIN, mirror, steps));
      }
    }
    return list;
  }

  private static List<Buffer> random(int count, RandomGenerator random) {
    List<Buffer> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long birth = random.nextLong(count);
      double length = Math.exp(random.nextDouble() * Math.log(count / 4.0 + 1));
      double size = GRAIN * Math.exp(random.nextDouble() * Math.log(1e5));
      list.add(
          Buffer.of((long) size / GRAIN * GRAIN, birth, birth + Math.max(1, Math.round(length))));
    }
    return list;
  }

  private record Rectangle(long left, long right, long bottom, long top) {}

  private static List<Buffer> cut(int count, RandomGenerator random) {
    Deque<Rectangle> rest = new ArrayDeque<>();
    rest.add(new Rectangle(0, 4L * count, 0, 4L * count));
    List<Buffer> done = new ArrayList<>();
    while (rest.size() + done.size() < count && !rest.isEmpty()) {
      Rectangle each = rest.removeFirst();
      long width = each.right - each.left;
      long height = each.top - each.bottom;
      if (width < 2 && height < 2) {
        done.add(buffer(each));
      } else if (height < 2 || (width >= 2 && random.nextInt(100) < 50)) {
        long at = each.left + Math.clamp(between(width, random), 1, width - 1);
        rest.addLast(new Rectangle(each.left, at, each.bottom, each.top));
        rest.addLast(new Rectangle(at, each.right, each.bottom, each.top));
      } else {
        long at = each.bottom + Math.clamp(between(height, random), 1, height - 1);
        rest.addLast(new Rectangle(each.left, each.right, each.bottom, at));
        rest.addLast(new Rectangle(each.left, each.right, at, each.top));
      }
    }
    rest.forEach(each -> done.add(buffer(each)));
    return done;
  }

  private static long between(long length, RandomGenerator random) {
    return Math.round(length * random.nextDouble(0.25, 0.75));
  }

  private static Buffer buffer(Rectangle each) {
    return Buffer.of((each.top - each.bottom) * GRAIN, each.left, each.right);
  }
}
