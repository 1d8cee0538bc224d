package dev.banyan.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The process of {@link MemoryTest}: trains and prints resident bytes at step 200 and 1,000. */
final class ThousandSteps {
  private static final int ROWS = 64;
  private static final int HIDDEN = 64;

  private ThousandSteps() {}

  public static void main(String[] arguments) throws IOException {
    List<Tensor> weights = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Tensor weight =
          i < 4 ? Seeded.normal(i, HIDDEN, HIDDEN).mul(0.1) : Tensor.full(1, DType.F32, HIDDEN);
      weights.add(Scope.keep(weight.detach().requireGrad()));
    }
    long early = 0;
    try (AdamW optimizer =
            new AdamW(List.of(new AdamW.Group(weights, 0.1)), new AdamW.Options(0.9, 0.95, 1e-8));
        Shards shards = Shards.open(1, 1)) {
      for (int step = 1; step <= 1000; step++) {
        int seed = step;
        double loss = shards.run(shard -> step(weights, seed)).getFirst();
        if (!Double.isFinite(loss)) {
          throw new IllegalStateException("step " + step + " has loss " + loss);
        }
        optimizer.step(1e-3);
        optimizer.clearGradients();
        if (step == 200) {
          early = residentBytes();
        }
      }
    }
    System.out.println(early + " " + residentBytes());
  }

  /** What leaks here is 16 KB and more per operation, 10 operations a step: 130 MB in 800 steps. */
  private static double step(List<Tensor> weights, int seed) {
    try (Scope scope = Scope.open()) {
      Tensor x = Seeded.normal(seed % 7, ROWS, HIDDEN);
      Tensor h = x.linear(weights.get(0));
      Tensor next;
      try (Scope layer = Scope.open()) {
        Tensor normed = h.rmsNorm(weights.get(4), 1e-6);
        Tensor angles = Seeded.normal(3, ROWS, 8);
        Tensor heads = normed.view(ROWS, 4, 16).rope(angles.cos(), angles.sin());
        Tensor seen = heads.view(1, ROWS, 4, 16).transpose(1, 2);
        Tensor attended = seen.attention(seen, seen, Optional.empty(), true, 0.25);
        next =
            Scope.keep(
                h.add(attended.transpose(1, 2).reshape(ROWS, HIDDEN).linear(weights.get(1))));
      }
      Tensor gated = next.linear(weights.get(2)).swiglu(next.linear(weights.get(3)));
      Tensor unused = gated.rmsNorm(weights.get(4), 1e-6);
      if (!unused.requiresGrad()) {
        throw new IllegalStateException("a value made from weights has no gradient");
      }
      long[] targets = new long[ROWS];
      Tensor loss = gated.crossEntropy(Tensor.of(targets), true);
      next.close();
      loss.backward();
      return loss.item();
    }
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
