package dev.banyan.grow;

import java.util.List;

/**
 * What verifying a target found.
 *
 * @param measured the stored target against the source
 * @param perStep each step of the recipe alone, before anything is rounded; empty without a recipe
 * @param perLayer the residual stream after each layer of the target against the source's
 * @param tensors how many tensors were compared with what the recipe says
 * @param differing the first tensor that is not what the recipe says; empty when all are
 * @param promised what the recipe promises for the function as stored
 * @param tokens over how many the function was measured
 */
public record Verdict(
    Measured measured,
    List<Step> perStep,
    List<Layer> perLayer,
    int tensors,
    String differing,
    Exactness promised,
    boolean rounds,
    int tokens) {

  /** One step alone. */
  public record Step(
      String step, String method, Exactness promised, double maxRelativeError, Exactness found) {
    /** Whether what was found is at least what was promised. */
    public boolean kept() {
      return found.compareTo(promised) <= 0;
    }
  }

  /** One layer of the target and the layer of the source it comes from. */
  public record Layer(int layer, int source, boolean silent, double maxRelativeError) {}

  public Verdict {
    perStep = List.copyOf(perStep);
    perLayer = List.copyOf(perLayer);
  }

  /** Whether every promise was kept and every tensor is as the recipe says. */
  public boolean good() {
    boolean steps = perStep.stream().allMatch(Step::kept);
    boolean whole = rounds || measured.exactness().compareTo(promised) <= 0;
    return differing.isEmpty() && steps && whole;
  }
}
