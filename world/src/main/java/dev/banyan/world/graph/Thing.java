package dev.banyan.world.graph;

/** A famous thing, "the Melorn bell". Maker and owner are people, kept is a place. */
public record Thing(String name, String kind, String material, int maker, int owner, int kept) {

  /** The name in a sentence, with its article. */
  public String title() {
    return "the " + name + " " + kind;
  }
}
