package dev.banyan.world.graph;

/** A settlement. The leader is an index into {@link KnowledgeGraph#people()}. */
public record Place(
    String name,
    String kind,
    String region,
    String river,
    String product,
    String climate,
    int founded,
    int leader) {}
