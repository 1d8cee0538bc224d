package dev.banyan.plan.order;

import dev.banyan.plan.graph.Block;
import java.util.Arrays;

/** The order the operators came in. What PyTorch's eager mode runs. */
public final class ProgramOrder implements OrderMethod {
  @Override
  public String name() {
    return "program";
  }

  @Override
  public int[] order(Block block) {
    int[] order = new int[block.n];
    Arrays.setAll(order, i -> i);
    return order;
  }
}
