package dev.banyan.grow.method;

import dev.banyan.weights.config.Family;

/**
 * The names of a layer of experts, as checkpoints have them: every reader knows the separate ones.
 *
 * @param prefix {@code model.layers.N.}
 * @param key names the layer's random draws
 */
public record ExpertLayer(Family family, String prefix, String key) {
  private boolean mixtral() {
    return family == Family.MIXTRAL;
  }

  private String block() {
    return prefix + (mixtral() ? "block_sparse_moe." : "mlp.");
  }

  public String router() {
    return block() + "gate.weight";
  }

  public String gate(int expert) {
    return block() + "experts." + expert + "." + (mixtral() ? "w1" : "gate_proj") + ".weight";
  }

  public String up(int expert) {
    return block() + "experts." + expert + "." + (mixtral() ? "w3" : "up_proj") + ".weight";
  }

  public String down(int expert) {
    return block() + "experts." + expert + "." + (mixtral() ? "w2" : "down_proj") + ".weight";
  }

  /** {@code projection} of the shared expert: {@code gate}, {@code up} or {@code down}. */
  public String shared(String projection) {
    return block() + "shared_expert." + projection + "_proj.weight";
  }

  public String sharedGate() {
    return block() + "shared_expert_gate.weight";
  }
}
