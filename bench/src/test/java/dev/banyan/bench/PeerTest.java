package dev.banyan.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerTest {
  @TempDir Path temp;

  @Test
  void whatCountsIsTheLastLineHoweverMuchALibrarySaysBefore() {
    var figures = Peer.parse("warning: {\"a\": 1}\n{\"peer\": \"torch 2.13\", \"rate\": 41.5}\n\n");
    var said = new Peer.Said(figures, 1.0);
    assertThat(said.name()).isEqualTo("torch 2.13");
    assertThat(said.figure("rate")).isEqualTo(41.5);
  }

  @Test
  void aFigureThatIsNotThereOrNotPositiveIsRefused() {
    var said = new Peer.Said(Peer.parse("{\"rate\": 0, \"word\": \"x\"}"), 1.0);
    for (String name : List.of("rate", "word", "absent")) {
      assertThatThrownBy(() -> said.figure(name)).hasMessageContaining(name);
    }
    assertThatThrownBy(() -> Peer.parse("12 tokens/s")).hasMessageContaining("12 tokens/s");
    assertThatThrownBy(() -> Peer.parse("[1]")).hasMessageContaining("no JSON object");
    assertThatThrownBy(() -> Peer.parse("")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theInterpreterIsGivenTheScriptAndItsArguments() throws Exception {
    Path python =
        interpreter("printf '{\"peer\": \"%s\", \"lines\": %d}\\n' \"$2 $3\" $(wc -l < \"$1\")");
    try (WorkFolder work = WorkFolder.open()) {
      var said = new Peer(python).run(work, "bpe_speed_peer.py", List.of("one", "two"));
      assertThat(said.name()).isEqualTo("one two");
      assertThat(said.figure("lines")).isGreaterThan(10);
    }
  }

  @Test
  void whatIsMissingIsNamedByTheLastLineOfTheScript() throws Exception {
    Path python = interpreter("echo \"No module named 'tokenizers'\" >&2; exit 1");
    try (WorkFolder work = WorkFolder.open()) {
      assertThatThrownBy(() -> new Peer(python).run(work, "bpe_speed_peer.py", List.of()))
          .isInstanceOf(MissingThingException.class)
          .hasMessageContaining("No module named 'tokenizers'");
      var nowhere = new Peer(temp.resolve("nowhere"));
      assertThatThrownBy(() -> nowhere.run(work, "bpe_speed_peer.py", List.of()))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("nowhere");
    }
  }

  private Path interpreter(String body) throws Exception {
    Path file = temp.resolve("python");
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }
}
