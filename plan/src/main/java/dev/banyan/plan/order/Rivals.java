package dev.banyan.plan.order;

import java.util.List;

/** The published orders ours is compared with. */
public final class Rivals {
  private Rivals() {}

  /** All of them, program order first. */
  public static List<OrderMethod> all() {
    return List.of(
        new ProgramOrder(),
        new DepthFirst(),
        new BreadthFirst(),
        new ListOrder(),
        new Lpmf(),
        new Lescea(),
        new Roam(),
        new Eager());
  }
}
