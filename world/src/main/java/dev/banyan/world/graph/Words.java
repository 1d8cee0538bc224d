package dev.banyan.world.graph;

import java.util.List;

/** The English words that attributes are made of. Plain, common words only. */
public final class Words {
  private Words() {}

  public static final List<String> JOBS =
      List.of(
          "baker",
          "weaver",
          "potter",
          "miller",
          "carpenter",
          "gardener",
          "fisher",
          "smith",
          "painter",
          "teacher",
          "shepherd",
          "tailor",
          "mason",
          "sailor",
          "singer",
          "clockmaker",
          "beekeeper",
          "doctor",
          "printer",
          "glassblower",
          "cook",
          "hunter",
          "judge",
          "librarian");

  public static final List<String> PETS =
      List.of(
          "cat",
          "dog",
          "goat",
          "owl",
          "fox",
          "hare",
          "crow",
          "pony",
          "duck",
          "tortoise",
          "hedgehog",
          "goose",
          "ferret",
          "parrot",
          "lizard",
          "otter");

  public static final List<String> FOODS =
      List.of(
          "soup",
          "cheese",
          "honey",
          "apples",
          "pears",
          "plums",
          "noodles",
          "dumplings",
          "fish",
          "beans",
          "pancakes",
          "walnuts",
          "cherries",
          "mushrooms",
          "porridge",
          "bread");

  public static final List<String> COLOURS =
      List.of(
          "red", "blue", "green", "yellow", "white", "black", "grey", "brown", "purple", "orange");

  public static final List<String> INSTRUMENTS =
      List.of(
          "flute", "drum", "fiddle", "harp", "horn", "lute", "whistle", "trumpet", "organ", "cello",
          "banjo", "bagpipe");

  public static final List<String> KINDS = List.of("town", "village", "city", "harbour");

  public static final List<String> PRODUCTS =
      List.of(
          "salt", "wool", "paper", "glass", "rope", "tea", "ink", "silk", "copper", "amber",
          "candles", "barrels", "boats", "clocks", "pottery", "saddles");

  public static final List<String> CLIMATES =
      List.of("rainy", "windy", "dry", "cold", "mild", "foggy", "snowy", "hot");

  public static final List<String> THINGS =
      List.of(
          "bell", "lamp", "sword", "ring", "clock", "cup", "crown", "book", "map", "key", "mirror",
          "chest", "chair", "coin", "statue", "carpet");

  public static final List<String> MATERIALS =
      List.of(
          "glass", "wood", "iron", "silver", "stone", "paper", "wool", "clay", "copper", "bone");

  /** What stories and exercises are about: small things a hand can hold. */
  public static final List<String> SMALL_THINGS =
      List.of(
          "key", "coin", "letter", "ring", "spoon", "candle", "button", "apple", "map", "cup",
          "knife", "book", "whistle", "shell", "feather", "needle", "ribbon", "pebble", "bell",
          "brush", "glove", "scarf", "bottle", "rope");

  /** Where stories put them. */
  public static final List<String> CONTAINERS =
      List.of(
          "box",
          "basket",
          "drawer",
          "cupboard",
          "barrel",
          "bag",
          "chest",
          "jar",
          "bucket",
          "trunk",
          "crate",
          "pot");

  /** Rooms and corners that stories walk through. */
  public static final List<String> ROOMS =
      List.of(
          "kitchen",
          "attic",
          "cellar",
          "barn",
          "garden",
          "stable",
          "workshop",
          "library",
          "tower",
          "bakery",
          "mill",
          "hall",
          "yard",
          "porch");
}
