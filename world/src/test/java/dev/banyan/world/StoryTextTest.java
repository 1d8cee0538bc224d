package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Reads stories and draws their ends again. */
class StoryTextTest {
  private static final World WORLD = World.of(new Seed(14), WorldSize.SMALL);
  private static final Pattern ENDING =
      Pattern.compile(
          "(?:the (\\w+) was (?:still )?in|(?:Where was|find|And) the (\\w+)\\? In"
              + "|asked for the (\\w+), \\w+ \\w+ in|wants the (\\w+) must \\w+ in) the (\\w+)");

  @Test
  void aHiddenThingIsWhereItWasPutLast() {
    int endings = 0;
    for (int i = 0; i < 4000; i++) {
      String text = WORLD.document(Domain.STORIES, i).text();
      Matcher ending = ENDING.matcher(text);
      if (!ending.find()) {
        continue;
      }
      String thing =
          java.util.stream.IntStream.rangeClosed(1, 4)
              .mapToObj(ending::group)
              .filter(group -> group != null)
              .findFirst()
              .orElseThrow();
      Pattern put =
          Pattern.compile("the " + thing + " (?:in|to|into|went into|from the \\w+ to) the (\\w+)");
      List<MatchResult> puts = put.matcher(text.substring(0, ending.start())).results().toList();
      assertThat(puts).as(text).isNotEmpty();
      assertThat(puts.get(puts.size() - 1).group(1)).as(text).isEqualTo(ending.group(5));
      endings++;
    }
    assertThat(endings).isGreaterThan(1000);
  }

  @Test
  void everybodyGoesHomeWithWhatTheyBrought() {
    Pattern brought =
        Pattern.compile(
            "(\\w+) (?:brought|had|carried|came with|showed|laid down|took out|put h\\w+) (?:an? )?(\\w+ \\w+)(?: on the \\w+)?\\.");
    Pattern taken =
        Pattern.compile(
            "(\\w+) (?:took|picked up|asked for) the (\\w+), the (\\w+) one\\.|(\\w+) (?:did not forget|went home with|left with) the (\\w+ \\w+)\\.|The (\\w+ \\w+) (?:went back|belonged) to (\\w+)\\.");
    int checked = 0;
    for (int i = 0; i < 4000; i++) {
      String text = WORLD.document(Domain.STORIES, i).text();
      if (!taken.matcher(text).find()) {
        continue;
      }
      Map<String, String> owners = new HashMap<>();
      brought
          .matcher(text)
          .results()
          .forEach(match -> owners.putIfAbsent(match.group(1), match.group(2)));
      for (MatchResult match : taken.matcher(text).results().toList()) {
        String person =
            match.group(1) != null
                ? match.group(1)
                : match.group(4) != null ? match.group(4) : match.group(7);
        String thing =
            match.group(1) != null
                ? match.group(3) + " " + match.group(2)
                : match.group(4) != null ? match.group(5) : match.group(6);
        assertThat(owners).as(text).containsEntry(person, thing);
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(1500);
  }

  @Test
  void aProteinEndsInTheMirrorOfItsMotifAndKeepsItsDistance() {
    Map<String, dev.banyan.world.document.Family> families = new HashMap<>();
    WORLD
        .setting()
        .families()
        .forEach(family -> families.put(family.name().toLowerCase(java.util.Locale.ROOT), family));
    int whole = 0;
    int chains = 0;
    for (int i = 0; i < 800; i++) {
      for (String record : WORLD.document(Domain.PROTEIN, i).text().split("(?m)^>")) {
        List<String> lines = record.lines().toList();
        if (lines.isEmpty() || lines.get(0).isBlank()) {
          continue;
        }
        String first = lines.get(0).split(" ")[0];
        String last = lines.get(lines.size() - 1);
        var family =
            java.util.Objects.requireNonNull(
                families.get(first.equals("chain") ? last.substring("family ".length()) : first));
        String chain = String.join("", lines.subList(1, lines.size() - 1)).replace(" ", "");
        chains++;
        int at = chain.indexOf(family.motif());
        String mirror = new StringBuilder(family.motif()).reverse().toString();
        int partner = at + family.motif().length() + family.gap();
        whole +=
            at >= 0 && chain.endsWith(mirror) && chain.startsWith(family.partner(), partner)
                ? 1
                : 0;
      }
    }
    // Neither motif is mutated with probability (7/8)^2, and a few mutations change nothing.
    assertThat((double) whole / chains).isBetween(0.70, 0.85);
  }
}
