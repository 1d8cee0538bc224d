package dev.banyan.world.document;

import java.util.List;

/**
 * What happens to things because of what they are made of: the common sense of this world. Each
 * event has the materials it harms or changes, and words for both outcomes. Slot {x} is the thing.
 */
public record Material(
    String question,
    List<String> affected,
    List<String> happening,
    List<String> yes,
    List<String> no) {

  public static final List<Material> EVENTS =
      List.of(
          new Material(
              "would break if it fell",
              List.of("glass", "clay"),
              List.of(
                  "The {x} fell on the [floor|stones|street].",
                  "Somebody dropped the {x}.",
                  "The shelf gave way, and down came the {x}."),
              List.of(
                  "It broke into [many|a hundred|small] pieces.",
                  "Nothing was left but pieces.",
                  "It did not survive the fall."),
              List.of(
                  "It did not break.",
                  "There was a noise, but the {x} was whole.",
                  "No harm was done.")),
          new Material(
              "would burn in a fire",
              List.of("wood", "paper", "wool"),
              List.of(
                  "The {x} fell into the fire.",
                  "The house burned, and the {x} was inside.",
                  "A spark hit the {x}."),
              List.of("It burned to ashes.", "Only ashes remained.", "The flames ate it."),
              List.of(
                  "It did not burn.",
                  "It came out black but whole.",
                  "Fire can do nothing to it.")),
          new Material(
              "would float on water",
              List.of("wood", "wool", "paper"),
              List.of(
                  "The {x} fell into the river.",
                  "A wave took the {x} from the boat.",
                  "{n} threw the {x} into the lake."),
              List.of(
                  "It floated [away|on the water].",
                  "It swam on top like a duck.",
                  "The water carried it along."),
              List.of(
                  "It sank [like a stone|at once].",
                  "It went straight to the bottom.",
                  "Nobody saw it again, so deep it sank.")),
          new Material(
              "would rust in the rain",
              List.of("iron"),
              List.of(
                  "The {x} stood in the rain all [winter|autumn].",
                  "{n} forgot the {x} in the wet grass.",
                  "For a year the {x} lay in the damp cellar."),
              List.of("It was red with rust.", "Rust had eaten it.", "It rusted."),
              List.of("There was no rust on it.", "It cannot rust.", "No rust was found.")),
          new Material(
              "would be pulled by a magnet",
              List.of("iron"),
              List.of(
                  "{n} held a magnet near the {x}.",
                  "A child came with a magnet and tried the {x}."),
              List.of("The magnet [held it fast|pulled it]."),
              List.of("The magnet did not [pull|move] it.", "Nothing moved.")),
          new Material(
              "would let light through",
              List.of("glass"),
              List.of("{n} held the {x} up to the sun.", "The {x} stood in the window."),
              List.of("The light came through.", "One could see the garden through it."),
              List.of("It threw a dark shadow.", "No light came through.")),
          new Material(
              "would be eaten by moths",
              List.of("wool"),
              List.of(
                  "There were moths in the cupboard with the {x}.",
                  "All summer the moths had the {x} to themselves."),
              List.of("They ate holes in it.", "It was full of holes."),
              List.of("The moths did not touch it.", "Moths cannot eat that.")),
          new Material(
              "would tear in your hands",
              List.of("paper", "wool"),
              List.of(
                  "{n} pulled at the {x} with both hands.",
                  "Two children fought over the {x} and pulled."),
              List.of("It tore.", "It tore in two."),
              List.of("It did not tear.", "However hard the pull, it held.")));

  /** "wooden", "woollen", else the noun itself. */
  public static String adjective(String material) {
    return switch (material) {
      case "wood" -> "wooden";
      case "wool" -> "woollen";
      default -> material;
    };
  }
}
