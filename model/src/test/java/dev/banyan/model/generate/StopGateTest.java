package dev.banyan.model.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Seed;
import java.util.List;
import org.junit.jupiter.api.Test;

class StopGateTest {
  @Test
  void whatMayBecomeAStopIsHeldBack() {
    var gate = new StopGate(List.of("\n\nUser:"));
    assertThat(gate.add("Hello\n")).isEqualTo("Hello");
    assertThat(gate.add("\nUs")).isEmpty();
    assertThat(gate.add("ual")).isEqualTo("\n\nUsual");
    assertThat(gate.add("\n\nUser: more")).isEmpty();
    assertThat(gate.isStopped()).isTrue();
    assertThat(gate.add("x")).isEmpty();
    assertThat(gate.finish()).isEmpty();
  }

  @Test
  void whatWasHeldComesWhenTheTextEnds() {
    var gate = new StopGate(List.of("END"));
    assertThat(gate.add("the E")).isEqualTo("the ");
    assertThat(gate.finish()).isEqualTo("E");
    assertThat(gate.isStopped()).isFalse();
  }

  @Test
  void anyCuttingGivesTheTextBeforeTheFirstStop() {
    var random = new Seed(9).stream("stops");
    List<String> stops = List.of("aab", "ba", "bbb");
    for (int round = 0; round < 2000; round++) {
      var text = new StringBuilder();
      for (int i = random.nextInt(14); i >= 0; i--) {
        text.append(random.nextInt(3) == 0 ? 'b' : random.nextInt(4) == 0 ? 'c' : 'a');
      }
      var gate = new StopGate(stops);
      var found = new StringBuilder();
      int at = 0;
      while (at < text.length()) {
        int to = Math.min(text.length(), at + 1 + random.nextInt(3));
        found.append(gate.add(text.substring(at, to)));
        at = to;
      }
      found.append(gate.finish());
      // the stop that is complete first; of those, the one that begins first
      String expected = text.toString();
      for (int end = 1; end <= text.length(); end++) {
        int cut = -1;
        for (String stop : stops) {
          if (text.substring(0, end).endsWith(stop)) {
            cut = cut < 0 ? end - stop.length() : Math.min(cut, end - stop.length());
          }
        }
        if (cut >= 0) {
          expected = text.substring(0, cut);
          break;
        }
      }
      assertThat(found.toString()).as("%s", text).isEqualTo(expected);
      assertThat(gate.isStopped()).isEqualTo(stops.stream().anyMatch(text.toString()::contains));
    }
  }
}
