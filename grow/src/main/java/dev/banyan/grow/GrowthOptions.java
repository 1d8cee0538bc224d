package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.config.Family;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be grown, and how.
 *
 * @param layerList the source layer of each target layer, for {@link Depth#LIST}
 * @param mixture null to stay dense
 * @param family the target's; null for the one that follows from the source
 * @param type what weights are stored as; null for each tensor's own
 * @param even whether copies share evenly; unevenly they learn to differ
 * @param freshDeviation standard deviation of weights that come from nowhere
 */
public record GrowthOptions(
    Size size,
    Width width,
    Units units,
    Depth depth,
    List<Integer> layerList,
    @Nullable Mixture mixture,
    @Nullable Family family,
    @Nullable StoredType type,
    boolean even,
    double freshDeviation,
    long seed) {
  public GrowthOptions {
    layerList = List.copyOf(layerList);
    if (type != null
        && type != StoredType.F64
        && type != StoredType.F32
        && type != StoredType.F16
        && type != StoredType.BF16) {
      throw new UserInputException("--dtype " + type + ": expected f64, f32, bf16 or f16");
    }
    if (!(freshDeviation >= 0)) {
      throw new UserInputException("a standard deviation is at least 0, not " + freshDeviation);
    }
  }

  /** To {@code size} exactly: isometric, duplicated units, identity layers, uneven shares. */
  public static GrowthOptions to(Size size) {
    return new GrowthOptions(
        size,
        Width.ISOMETRIC,
        Units.DUPLICATE,
        Depth.IDENTITY,
        List.of(),
        null,
        null,
        null,
        false,
        0.02,
        1);
  }

  public GrowthOptions with(Width other) {
    return new GrowthOptions(
        size, other, units, depth, layerList, mixture, family, type, even, freshDeviation, seed);
  }

  public GrowthOptions with(Units other) {
    return new GrowthOptions(
        size, width, other, depth, layerList, mixture, family, type, even, freshDeviation, seed);
  }

  public GrowthOptions with(Depth other) {
    return new GrowthOptions(
        size, width, units, other, layerList, mixture, family, type, even, freshDeviation, seed);
  }

  /** With the layers of a list. */
  public GrowthOptions withLayers(List<Integer> list) {
    return new GrowthOptions(
        size, width, units, Depth.LIST, list, mixture, family, type, even, freshDeviation, seed);
  }

  public GrowthOptions with(@Nullable Mixture other) {
    return new GrowthOptions(
        size, width, units, depth, layerList, other, family, type, even, freshDeviation, seed);
  }

  public GrowthOptions with(Size other) {
    return new GrowthOptions(
        other, width, units, depth, layerList, mixture, family, type, even, freshDeviation, seed);
  }

  /** Into another family. */
  public GrowthOptions into(@Nullable Family other) {
    return new GrowthOptions(
        size, width, units, depth, layerList, mixture, other, type, even, freshDeviation, seed);
  }

  /** Stored as another type. */
  public GrowthOptions as(@Nullable StoredType other) {
    return new GrowthOptions(
        size, width, units, depth, layerList, mixture, family, other, even, freshDeviation, seed);
  }

  /** With copies that share evenly, or not. */
  public GrowthOptions withEven(boolean other) {
    return new GrowthOptions(
        size, width, units, depth, layerList, mixture, family, type, other, freshDeviation, seed);
  }

  /** Only what {@code step} of a recipe does. */
  public GrowthOptions only(GrowthStep step) {
    Size one =
        switch (step.name()) {
          case "heads" -> new Size(null, null, size.heads(), size.keyValueHeads(), null, null);
          case "head-dim" -> new Size(null, null, null, null, null, size.headDim());
          case "ffn" -> new Size(null, null, null, null, size.ffn(), null);
          case "hidden" -> new Size(size.hidden(), null, null, null, null, null);
          case "layers" -> new Size(null, size.layers(), null, null, null, null);
          default -> Size.SAME;
        };
    boolean stacks = step.name().equals("layers");
    boolean mixes = step.name().equals("experts");
    return new GrowthOptions(
        one,
        width,
        units,
        stacks || depth != Depth.LIST ? depth : Depth.IDENTITY,
        stacks ? layerList : List.of(),
        mixes ? mixture : null,
        mixes ? family : null,
        null,
        even,
        freshDeviation,
        seed);
  }

  public GrowthOptions withSeed(long other) {
    return new GrowthOptions(
        size, width, units, depth, layerList, mixture, family, type, even, freshDeviation, other);
  }
}
