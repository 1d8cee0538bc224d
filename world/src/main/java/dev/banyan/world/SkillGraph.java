package dev.banyan.world;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The planted dependency graph between skills, as {@code skill-graph.json} has it. */
public record SkillGraph(List<Node> nodes) {
  public SkillGraph {
    nodes = List.copyOf(nodes);
  }

  /** A skill, how many prerequisites deep it lies (0 has none), and what it is built on. */
  public record Node(String category, int depth, List<Edge> prerequisites) {
    public Node {
      prerequisites = List.copyOf(prerequisites);
    }
  }

  /** A prerequisite and why it is one. */
  public record Edge(String category, String why) {}

  static SkillGraph planted() {
    List<Node> nodes = new ArrayList<>();
    for (SkillCategory category : SkillCategory.values()) {
      List<Edge> edges =
          category.prerequisites().entrySet().stream()
              .sorted(java.util.Map.Entry.comparingByKey())
              .map(entry -> new Edge(entry.getKey(), entry.getValue()))
              .toList();
      nodes.add(new Node(category.label(), depth(category), edges));
    }
    return new SkillGraph(nodes);
  }

  private static int depth(SkillCategory category) {
    return category.prerequisites().keySet().stream()
        .mapToInt(label -> 1 + depth(of(label)))
        .max()
        .orElse(0);
  }

  private static SkillCategory of(String label) {
    return Arrays.stream(SkillCategory.values())
        .filter(category -> category.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no skill is called " + label));
  }
}
