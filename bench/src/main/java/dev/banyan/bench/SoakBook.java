package dev.banyan.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What {@code metrics.jsonl} said of every step when it was first made, and whether it still says
 * so. Lines that a killed process left torn at the end of the file are no lines.
 */
final class SoakBook {
  private final List<List<String>> figures = new ArrayList<>();
  private List<String> before = List.of();
  private long told;
  private long replayed;
  private long different;
  private long lost;

  /** The last step that the process told before it was killed, 0 for none. */
  void told(long step) {
    told = step;
  }

  /** Looks through the file after a life. */
  void read(List<String> lines) {
    List<String> whole = lines.stream().filter(line -> line.endsWith("\n")).toList();
    for (int i = 0; i < whole.size(); i++) {
      boolean known = i < figures.size();
      if (known && i < before.size() && whole.get(i).equals(before.get(i))) {
        continue; // the very line of last time, its clock included
      }
      List<String> found = ResumeKills.figures(whole.get(i));
      if (!found.getFirst().equals(Integer.toString(i + 1))) {
        lost++;
      }
      if (!known) {
        figures.add(found);
      } else {
        replayed++;
        different += found.equals(figures.get(i)) ? 0 : 1;
      }
    }
    lost += Math.max(0, told - whole.size());
    before = whole;
  }

  /** Steps of which a line was ever seen. */
  long steps() {
    return figures.size();
  }

  long replayed() {
    return replayed;
  }

  long different() {
    return different;
  }

  long lost() {
    return lost;
  }

  /** How many of the first steps another run has otherwise. */
  long differentFrom(SoakBook other, int first) {
    long count = 0;
    for (int i = 0; i < first; i++) {
      count += figures.get(i).equals(other.figures.get(i)) ? 0 : 1;
    }
    return count;
  }
}
