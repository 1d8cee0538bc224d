package dev.banyan.grow.prove;

import dev.banyan.grow.Depth;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.Mixture;
import dev.banyan.grow.Size;
import dev.banyan.grow.Units;
import dev.banyan.grow.Width;
import dev.banyan.train.ModelShape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is trained: each arm's name and how its target comes to be. */
public final class Arms {
  /** Experts of the sparse arms. */
  private static final int EXPERTS = 4;

  private Arms() {}

  /**
   * One arm.
   *
   * @param sparse whether its target has experts; a sparse arm's base is the small model as it is
   * @param grown how the small model becomes the target
   * @param fromSmall whether the small model is trained first
   */
  public record Arm(
      String name, boolean sparse, String how, @Nullable GrowthOptions grown, boolean fromSmall) {}

  /** All arms, scratch first. */
  public static List<Arm> all(ModelShape small, ModelShape large) {
    Size size =
        new Size(
            large.hidden(),
            large.layers(),
            large.heads(),
            large.keyValueHeads(),
            large.feedForward(),
            null);
    GrowthOptions exact = GrowthOptions.to(size);
    Mixture copy = Mixture.of(Mixture.Method.COPY).withExperts(EXPERTS, 2);
    Mixture drop = Mixture.of(Mixture.Method.DROP).withExperts(EXPERTS, 2);
    GrowthOptions same = GrowthOptions.to(Size.SAME);
    return List.of(
        new Arm("scratch", false, "the large model from fresh weights", null, false),
        dense(
            "fpi",
            "duplicated evenly, layers interpolated (bert2BERT)",
            exact.with(Width.DUPLICATE).withEven(true).with(Depth.INTERPOLATE)),
        dense("isometric", "isometric width, uneven copies, identity layers (ours)", exact),
        dense(
            "aki-pro",
            "AKI width, layers interpolated (EfficientScale)",
            exact.with(Width.AKI).with(Depth.INTERPOLATE)),
        dense("stack", "isometric width, layers stacked (G_stack)", exact.with(Depth.STACK)),
        dense("interpolate", "isometric width, layers interpolated", exact.with(Depth.INTERPOLATE)),
        dense(
            "identity",
            "zero-extended width, silent units, identity layers",
            exact.with(Width.ZERO_EXTEND).with(Units.ZERO)),
        new Arm("scratch-moe", true, "experts from fresh weights", same.with(copy), false),
        new Arm("dense-continued", true, "the small model trained on", null, true),
        new Arm("copy", true, "sparse upcycling", same.with(copy), true),
        new Arm("drop", true, "Drop-Upcycling, half of the units", same.with(drop), true));
  }

  private static Arm dense(String name, String how, GrowthOptions options) {
    return new Arm(name, false, how, options, true);
  }
}
