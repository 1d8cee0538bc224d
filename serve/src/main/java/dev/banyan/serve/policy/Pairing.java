package dev.banyan.serve.policy;

/** A request may move from one instance to another; the source chooses which. */
public record Pairing(int source, int destination) {
  public Pairing {
    if (source == destination) {
      throw new IllegalArgumentException("instance " + source + " was paired with itself");
    }
  }
}
