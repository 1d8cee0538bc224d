package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Re-computes every figure with a reader that knows nothing of how the text was made. */
class ArithmeticTextTest {
  private static final World WORLD = World.of(new Seed(11), WorldSize.SMALL);
  private static final Pattern CHAIN =
      Pattern.compile("\\d+(?: [+-] \\d+)+(?: = \\d+(?: [+-] \\d+)*)+");
  private static final Pattern IN_WORDS =
      Pattern.compile("(\\d+) (?:plus|and) (\\d+) (?:is|make) (\\d+)");

  private static List<String> texts() {
    return Stream.of(Domain.ARITHMETIC, Domain.DIALOGUE)
        .flatMap(
            domain ->
                Stream.iterate(0, i -> i + 1)
                    .limit(3000)
                    .map(i -> WORLD.document(domain, i).text()))
        .toList();
  }

  private static int value(String expression) {
    int value = 0;
    int sign = 1;
    for (String token : expression.strip().split(" ")) {
      switch (token) {
        case "+" -> sign = 1;
        case "-" -> sign = -1;
        default -> value += sign * Integer.parseInt(token);
      }
    }
    return value;
  }

  @Test
  void everyEquationIsTrue() {
    long equations = 0;
    for (String text : texts()) {
      for (MatchResult match : CHAIN.matcher(text).results().toList()) {
        List<Integer> sides =
            Arrays.stream(match.group().split("=")).map(ArithmeticTextTest::value).toList();
        assertThat(sides).as(match.group()).allMatch(sides.get(0)::equals);
        equations++;
      }
      for (MatchResult match : IN_WORDS.matcher(text).results().toList()) {
        assertThat(Integer.parseInt(match.group(1)) + Integer.parseInt(match.group(2)))
            .as(match.group())
            .isEqualTo(Integer.parseInt(match.group(3)));
        equations++;
      }
    }
    assertThat(equations).isGreaterThan(8000);
  }

  @Test
  void noDocumentStatesASumThatATestAsks() {
    Pattern pair = Pattern.compile("(?<![+\\d] )\\b(\\d\\d) (?:\\+|plus|and) (\\d\\d)\\b(?! [+])");
    int pairs = 0;
    for (String text : texts()) {
      for (MatchResult match : pair.matcher(text).results().toList()) {
        int a = Integer.parseInt(match.group(1));
        int b = Integer.parseInt(match.group(2));
        String key = "sum " + Math.min(a, b) + " " + Math.max(a, b);
        assertThat(Split.of(key)).as(match.group()).isEqualTo(Split.TRAIN);
        pairs++;
      }
    }
    assertThat(pairs).isGreaterThan(3000);
  }

  @Test
  void runningTotalsAddUp() {
    Pattern first = Pattern.compile("with (\\d+) coins|had (\\d+) coins in");
    Pattern earned =
        Pattern.compile(
            "sold an? \\w+ for (\\d+) coins? and had|For an? \\w+ s?he got (\\d+) coins?,|paid (\\d+) coins?");
    Pattern spent =
        Pattern.compile(
            "bought an? \\w+ for (\\d+) coins?|spent (\\d+) coins?|cost \\w+ (\\d+) coins?");
    Pattern last = Pattern.compile("counted (\\d+) coins?\\.|ended the day with (\\d+) coins?\\.");
    int ledgers = 0;
    for (String text : texts()) {
      List<Integer> end = numbers(last, text);
      if (end.isEmpty()) {
        continue;
      }
      int total = numbers(first, text).get(0);
      total += numbers(earned, text).stream().mapToInt(Integer::intValue).sum();
      total -= numbers(spent, text).stream().mapToInt(Integer::intValue).sum();
      assertThat(total).as(text).isEqualTo(end.get(0));
      ledgers++;
    }
    assertThat(ledgers).isGreaterThan(200);
  }

  @Test
  void countingAndOrderingAreRight() {
    Pattern next =
        Pattern.compile(
            "After (\\d+) comes (\\d+)|Behind (\\d+) stands (\\d+)|(\\d+) and one more is (\\d+)");
    Pattern order = Pattern.compile("(\\d[\\d ]*) (?:in order:|become|->) (\\d[\\d ]*)");
    int seen = 0;
    for (String text : texts()) {
      for (MatchResult match : next.matcher(text).results().toList()) {
        List<Integer> two = groups(match);
        assertThat(two.get(1)).as(match.group()).isEqualTo(two.get(0) + 1);
        seen++;
      }
      for (MatchResult match : order.matcher(text).results().toList()) {
        List<Integer> given =
            Arrays.stream(match.group(1).strip().split(" "))
                .map(Integer::valueOf)
                .sorted()
                .toList();
        assertThat(Arrays.stream(match.group(2).strip().split(" ")).map(Integer::valueOf).toList())
            .as(match.group())
            .isEqualTo(given);
        seen++;
      }
    }
    assertThat(seen).isGreaterThan(2000);
  }

  private static List<Integer> numbers(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> groups(match).get(0)).toList();
  }

  private static List<Integer> groups(MatchResult match) {
    return java.util.stream.IntStream.rangeClosed(1, match.groupCount())
        .mapToObj(match::group)
        .filter(group -> group != null)
        .map(Integer::valueOf)
        .toList();
  }
}
