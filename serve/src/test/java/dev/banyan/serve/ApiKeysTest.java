package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeysTest {
  @TempDir private Path folder;

  @Test
  void aKeyOpensAndItsLimitsHoldForAMinute() throws IOException {
    ApiKeys.Fresh fresh = ApiKeys.make("alice", 2, 100);
    assertThat(fresh.line()).doesNotContain(fresh.key());
    ApiKeys keys = read("# clients\n" + fresh.line() + "\n");
    assertThat(keys.client(fresh.key() + "x")).isEmpty();
    ApiKeys.Client alice = keys.client(fresh.key()).orElseThrow();
    assertThat(alice.name()).isEqualTo("alice");
    assertThat(keys.admit(alice, 1)).isTrue();
    assertThat(keys.admit(alice, 1)).isTrue();
    assertThat(keys.admit(alice, 1)).isFalse();
    assertThat(keys.admit(alice, 2)).isTrue();
    keys.spend(alice, 2, 100);
    assertThat(keys.admit(alice, 2)).isFalse();
    assertThat(keys.admit(alice, 3)).isTrue();
  }

  @Test
  void aKeyWhoseLineIsGoneOrDamagedOpensNothingAndThatIsTold() throws IOException {
    ApiKeys.Fresh alice = ApiKeys.make("alice", 0, 0);
    ApiKeys.Fresh bob = ApiKeys.make("bob", 0, 0);
    ApiKeys keys = read(alice.line() + "\n" + bob.line() + "\n");
    List<String> told = new ArrayList<>();
    keys.tell(told::add);
    Path file = folder.resolve("keys.txt");
    Files.writeString(file, "alice\n" + bob.line() + "\n");
    assertThat(keys.client(alice.key())).isEmpty();
    assertThat(keys.client(bob.key())).isPresent();
    assertThat(told)
        .hasSize(1)
        .first()
        .asString()
        .contains("keys.txt:1 is not")
        .doesNotContain("\n");
    for (String text : List.of("", "# nobody\n")) {
      Files.writeString(file, text);
      assertThat(keys.client(bob.key())).isEmpty();
    }
    Files.writeString(file, bob.line() + "\n");
    assertThat(keys.client(bob.key())).isPresent();
    Files.delete(file);
    assertThat(keys.client(bob.key())).isEmpty();
    assertThat(told).hasSize(4).last().asString().endsWith("has no key; nobody is let in");
  }

  @Test
  void onlyALineThatSaysSoMakesAnOperator() throws IOException {
    ApiKeys.Fresh asks = ApiKeys.make("alice", 2, 100);
    ApiKeys.Fresh operates = ApiKeys.make("olga", 0, 0, true);
    ApiKeys keys = read(asks.line() + "\n" + operates.line() + "\n");
    assertThat(keys.client(asks.key()).orElseThrow().operator()).isFalse();
    assertThat(keys.client(operates.key()).orElseThrow().operator()).isTrue();
    assertThatThrownBy(() -> read(asks.line() + " root\n"))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("perhaps 'operator'");
  }

  @Test
  void aMinuteThatIsOverDoesNotComeBack() throws IOException {
    ApiKeys.Fresh fresh = ApiKeys.make("alice", 2, 100);
    ApiKeys keys = read(fresh.line());
    ApiKeys.Client alice = keys.client(fresh.key()).orElseThrow();
    keys.spend(alice, 2, 60);
    keys.spend(alice, 1, 40);
    assertThat(keys.admit(alice, 2)).isFalse();
    assertThat(keys.admit(alice, 1)).isFalse();
    assertThat(keys.admit(alice, 3)).isTrue();
    assertThat(keys.admit(alice, 2)).isTrue();
    assertThat(keys.admit(alice, 3)).isFalse();
  }

  /** Minutes are counted from any time on. */
  @Test
  void aMinuteBeforeTheFirstIsOneToo() throws IOException {
    ApiKeys.Fresh fresh = ApiKeys.make("alice", 1, 0);
    ApiKeys keys = read(fresh.line());
    ApiKeys.Client alice = keys.client(fresh.key()).orElseThrow();
    assertThat(keys.admit(alice, -2)).isTrue();
    assertThat(keys.admit(alice, -2)).isFalse();
    assertThat(keys.admit(alice, -1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "alice", "alice 12ab 0 0", "# nothing"})
  void aFileThatIsNoListOfKeysIsRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("keys.txt");
  }

  private ApiKeys read(String text) throws IOException {
    Path file = folder.resolve("keys.txt");
    Files.writeString(file, text);
    return ApiKeys.read(file);
  }
}
