package dev.banyan.world.document;

import java.util.List;

/**
 * Something told about the hero at the start, an event much later that fits several traits, and the
 * outcome that only this one explains. Slots: {n} the hero, {p} {h} {m} pronouns, {f} the other
 * one.
 */
record Trait(List<String> given, List<String> event, List<String> outcome) {
  private static final List<String> WATER =
      List.of(
          "Then they came to a [wide|deep|cold] river without a bridge.",
          "In the end the [boat|ferry] was gone, and the water stood between them and home.",
          "{f} pointed at the [river|lake] and said: \"We must cross it.\"");
  private static final List<String> TABLE =
      List.of(
          "[At supper|At the feast|In the inn] somebody put a [big|full|warm] plate of {food} on the table.",
          "{f} came in with {food}, enough for everybody.",
          "The cook had made only one thing that day: {food}.");
  private static final List<String> BEAST =
      List.of(
          "Just then {a animal} came round the corner.",
          "In the doorway stood {a animal}.",
          "{f} opened the [basket|gate|door], and out came {a animal}.");
  private static final List<String> NIGHT =
      List.of(
          "Then the [last |]lamp went out, and it was dark.",
          "The stairs led down into a dark cellar.",
          "{f} blew out the candle.");
  private static final List<String> ASKED =
      List.of(
          "\"Who [broke|lost|took|sold] the {tune}?\" asked {f}.",
          "{f} looked [at {n}|{n} in the face] and asked what had happened to the {tune}.",
          "At last {f} asked about the {tune}.");
  private static final List<String> BEGGAR =
      List.of(
          "At the gate sat [an old man|an old woman|a child] who had nothing to eat.",
          "A stranger asked for [a coin|bread|a warm coat].",
          "\"Can you [lend|give] me something?\" asked {f}.");

  static final List<Trait> ALL =
      List.of(
          new Trait(
              List.of(
                  "{n} [swam|could swim] like [a fish|an otter].",
                  "{n} had [swum|lived by the sea] since {p} was small and feared no water."),
              WATER,
              List.of(
                  "{n} [jumped in|dived in] and swam across.",
                  "{n} swam to the other side [in no time|and fetched a rope].")),
          new Trait(
              List.of("{n} had never learned to swim.", "{n} [was afraid of|feared] deep water."),
              WATER,
              List.of(
                  "{n} [stayed on|would not leave] the bank, for {p} could not swim.",
                  "{n} [sat down|stood still] and waited for a boat, since {p} could not swim.")),
          new Trait(
              List.of(
                  "{n} was rich, but {p} never trusted a boat.",
                  "{n} had sworn never to [get wet|set foot in a boat] again."),
              WATER,
              List.of(
                  "{n} paid a mason to build a bridge.",
                  "{n} [took|chose] the long way round, on foot and dry.")),
          new Trait(
              List.of(
                  "{n} could eat {food} all day long.",
                  "There was nothing {n} loved more than {food}."),
              TABLE,
              List.of(
                  "{n} ate [three plates|everything|until nothing was left] and asked for more.",
                  "{n} [smiled|laughed for joy] and ate the whole plate.")),
          new Trait(
              List.of(
                  "{n} could not stand {food}.",
                  "[Even as a child|All {h} life] {n} had hated {food}."),
              TABLE,
              List.of(
                  "{n} pushed the plate away and went to bed hungry.",
                  "{n} [turned pale|made a face] and ate nothing.")),
          new Trait(
              List.of(
                  "{n} had promised to eat nothing until {f} came home.",
                  "The doctor had told {n} to eat nothing that day."),
              TABLE,
              List.of(
                  "{n} only looked, for a promise is a promise.",
                  "{n} drank a cup of water and kept the promise.")),
          new Trait(
              List.of(
                  "{n} was afraid of {animals}.",
                  "Once {a animal} had bitten {n}, and {p} never forgot it."),
              BEAST,
              List.of(
                  "{n} [cried out|turned white] and ran.",
                  "{n} climbed [onto a chair|up a tree] and stayed there.")),
          new Trait(
              List.of(
                  "{n} had lost {h} {animal} the year before and [still missed it|looked for it everywhere].",
                  "A year ago the {animal} of {n} had run away."),
              BEAST,
              List.of(
                  "{n} knew at once whose it was and wept for joy.",
                  "\"You came back!\" cried {n} and hugged the {animal}.")),
          new Trait(
              List.of(
                  "{n} collected pictures of {animals} and drew them all day.",
                  "{n} had wanted to draw {a animal} for years."),
              BEAST,
              List.of(
                  "{n} took out a pencil and drew it.",
                  "{n} sat down very quietly and began to draw.")),
          new Trait(
              List.of(
                  "{n} was afraid of the dark.",
                  "Since the night of the storm {n} could not bear the dark."),
              NIGHT,
              List.of(
                  "{n} [held on to|took] {f}'s hand and [trembled|shook].",
                  "{n} would not take another step without a light.")),
          new Trait(
              List.of("{n} could see at night as well as an owl.", "{n} had eyes like a cat."),
              NIGHT,
              List.of("{n} walked on as if it were day.", "{n} led the way and never stumbled.")),
          new Trait(
              List.of(
                  "{n} always had a candle in {h} pocket.",
                  "{n} never left the house without {a c} candle."),
              NIGHT,
              List.of(
                  "{n} [took out|lit] the candle, and they could see again.",
                  "Out of {h} pocket {n} took a candle.")),
          new Trait(
              List.of("{n} never told a lie.", "{n} had sworn to tell nothing but the truth."),
              ASKED,
              List.of(
                  "\"It was me,\" said {n}, for it was true.",
                  "{n} [told the whole story|said how it had been] and hid nothing.")),
          new Trait(
              List.of(
                  "{n} [lied|told lies] whenever {p} opened {h} mouth.",
                  "Nobody could believe a word {n} said."),
              ASKED,
              List.of(
                  "{n} made up a story about [a dragon|ten robbers|a flying pony].",
                  "\"The wind did it,\" said {n}, and it was not true.")),
          new Trait(
              List.of(
                  "{n} had lost {h} voice that morning.",
                  "A cold had taken away the voice of {n}."),
              ASKED,
              List.of(
                  "{n} could not speak and wrote the answer down.",
                  "{n} opened {h} mouth, but no sound came out.")),
          new Trait(
              List.of(
                  "{n} [gave|used to give] away whatever {p} had.",
                  "{n} had the kindest heart in {place}."),
              BEGGAR,
              List.of(
                  "{n} gave [everything|all {p} had] and walked on without a coat.",
                  "{n} took off {h} own coat and gave it away.")),
          new Trait(
              List.of(
                  "{n} counted every coin twice and never gave one away.",
                  "There was nobody as mean as {n} in {place}."),
              BEGGAR,
              List.of(
                  "{n} held {h} purse tight and walked on.",
                  "\"No,\" said {n}, \"what is mine is mine.\"")),
          new Trait(
              List.of(
                  "{n} had no money left, but {p} [sang|could sing] well.",
                  "All that {n} owned was a song."),
              BEGGAR,
              List.of(
                  "{n} had nothing to give and sang a song instead.",
                  "So {n} sang, and people threw coins for both.")));
}
