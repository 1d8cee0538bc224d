package dev.banyan.world.graph;

/**
 * Someone of the world. Friend and mentor are indices into {@link KnowledgeGraph#people()}, home
 * into {@link KnowledgeGraph#places()}; age is in years.
 */
public record Person(
    String name,
    boolean woman,
    int age,
    String job,
    int home,
    int friend,
    int mentor,
    String pet,
    String food,
    String colour,
    String instrument) {

  public String subject() {
    return woman ? "she" : "he";
  }

  public String possessive() {
    return woman ? "her" : "his";
  }

  public String object() {
    return woman ? "her" : "him";
  }
}
