package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WorldTest {
  private static final World WORLD = World.of(new Seed(1), WorldSize.SMALL);

  @Test
  void aDocumentDependsOnItsIndexAloneNotOnOrderOrThread() {
    List<Document> forward = IntStream.range(0, 400).mapToObj(WORLD::document).toList();
    World again = World.of(new Seed(1), WorldSize.SMALL);
    List<Document> parallel =
        IntStream.range(0, 400).parallel().mapToObj(i -> again.document(399 - i)).toList();
    assertThat(parallel.reversed()).isEqualTo(forward);
  }

  @Test
  void anotherSeedIsAnotherWorld() {
    World other = World.of(new Seed(2), WorldSize.SMALL);
    assertThat(other.facts()).doesNotContainAnyElementsOf(WORLD.facts());
    assertThat(other.document(0).text()).isNotEqualTo(WORLD.document(0).text());
  }

  @Test
  void textHardlyEverRepeats() {
    Set<String> seen = new HashSet<>();
    int repeated = 0;
    for (int i = 0; i < 20_000; i++) {
      repeated += seen.add(WORLD.document(i).text()) ? 0 : 1;
    }
    assertThat(repeated).isLessThan(100);
  }

  @Test
  void domainsHaveTheSharesThatAreDocumented() {
    Map<Domain, Integer> counts = new EnumMap<>(Domain.class);
    int documents = 20_000;
    for (int i = 0; i < documents; i++) {
      counts.merge(WORLD.document(i).domain(), 1, Integer::sum);
    }
    for (Domain domain : Domain.values()) {
      double share = domain.share() / 100.0;
      double deviation = Math.sqrt(share * (1 - share) / documents);
      assertThat((double) counts.getOrDefault(domain, 0) / documents)
          .as(domain.label())
          .isBetween(share - 5 * deviation, share + 5 * deviation);
    }
  }

  @Test
  void everyTextIsPlainAsciiWithoutLooseEnds() {
    for (int i = 0; i < 4_000; i++) {
      String text = WORLD.document(i).text();
      assertThat(text).matches(s -> s.chars().allMatch(c -> c == '\n' || (c >= 32 && c < 127)));
      assertThat(text).isEqualTo(text.strip()).doesNotContain(" .", "..", "null");
      assertThat(text)
          .doesNotContainPattern("\\ba [aeio][a-z]|\\ban [bcdfghjklmnpqrstvwxyz]|\\{[a-z0-9 ]+\\}");
    }
  }

  @Test
  void namesAreDistinctEvenInALargeWorld() {
    World large = World.of(new Seed(3), new WorldSize(4000, 800, 4000, 64));
    Set<String> names = new HashSet<>();
    large.setting().graph().people().forEach(person -> names.add(person.name()));
    large.setting().graph().places().forEach(place -> names.add(place.name()));
    large.setting().graph().things().forEach(thing -> names.add(thing.name()));
    assertThat(names).hasSize(8800);
    assertThat(large.document(5).text()).isNotEmpty();
  }

  @Test
  void sizesAreReadFromWordsAndNumbers() {
    assertThat(WorldSize.parse("small")).isEqualTo(WorldSize.SMALL);
    assertThat(WorldSize.parse("20,10,20,4")).isEqualTo(new WorldSize(20, 10, 20, 4));
    assertThatThrownBy(() -> WorldSize.parse("huge"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("'huge'")
        .hasMessageContaining("tiny, small, medium, large");
    assertThatThrownBy(() -> WorldSize.parse("1,10,20,4")).hasMessageContaining("people is 1");
  }
}
