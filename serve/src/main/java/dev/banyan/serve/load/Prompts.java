package dev.banyan.serve.load;

import dev.banyan.core.Seed;
import dev.banyan.serve.LoadRequest;
import dev.banyan.serve.TraceRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Prompts of about so many tokens for a server whose tokenizer is not here: random common words.
 *
 * @param fixedTokens of a prompt without words: the beginning, a chat's template
 * @param wordTokens per word
 * @param measured whether both come from the server's own counts
 */
public record Prompts(double fixedTokens, double wordTokens, boolean measured) {
  private static final List<String> WORDS =
      List.of(
          "river",
          "stone",
          "green",
          "seven",
          "light",
          "house",
          "under",
          "table",
          "every",
          "winter",
          "bird",
          "morning",
          "road",
          "paper",
          "water",
          "north",
          "small",
          "garden",
          "between",
          "music",
          "iron",
          "window",
          "field",
          "story",
          "cloud",
          "often",
          "bread",
          "silver",
          "along",
          "number",
          "horse",
          "summer",
          "letter",
          "island",
          "quiet",
          "market",
          "above",
          "yellow",
          "friend",
          "bridge",
          "after",
          "forest",
          "simple",
          "door",
          "evening",
          "mountain",
          "never",
          "basket",
          "salt",
          "train",
          "little",
          "voice",
          "copper",
          "before",
          "village",
          "shadow",
          "gentle",
          "harbour",
          "seldom",
          "candle",
          "woven",
          "thunder",
          "meadow",
          "orchard");

  /** Words of the two prompts that are measured; fewer for models with little room. */
  private static final List<int[]> MEASURES = List.of(new int[] {8, 48}, new int[] {2, 10});

  /** From the server's counts of a short and of a longer prompt. */
  public static Prompts measured(Client client) {
    for (int[] measure : MEASURES) {
      int few = client.promptTokens(words(measure[0], new Seed(0).stream("few")));
      int more = client.promptTokens(words(measure[1], new Seed(0).stream("more")));
      if (few > 0 && more > few) {
        double perWord = (double) (more - few) / (measure[1] - measure[0]);
        return new Prompts(few - measure[0] * perWord, perWord, true);
      }
    }
    return new Prompts(0, 1, false);
  }

  /** Requests like those of a trace. */
  public List<LoadRequest> of(List<TraceRequest> trace, Seed seed) {
    List<LoadRequest> requests = new ArrayList<>(trace.size());
    for (int i = 0; i < trace.size(); i++) {
      TraceRequest each = trace.get(i);
      requests.add(
          new LoadRequest(each.arrivalSeconds(), prompt(each, i, seed), each.outputTokens()));
    }
    return requests;
  }

  private String prompt(TraceRequest request, int index, Seed seed) {
    int left = (int) Math.max(1, Math.round((request.promptTokens() - fixedTokens) / wordTokens));
    int piece = (int) Math.max(1, Math.round(request.prefixTokens() / wordTokens));
    var text = new StringBuilder();
    for (int id : request.prefix()) {
      int count = Math.min(left, piece);
      if (request.prefixTokens() == 0 || count == 0) {
        break;
      }
      text.append(words(count, seed.stream("prefix", id))).append(' ');
      left -= count;
    }
    return text.append(words(left, seed.stream("prompt", index))).toString().strip();
  }

  private static String words(int count, RandomGenerator random) {
    var text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : " ").append(WORDS.get(random.nextInt(WORDS.size())));
    }
    return text.toString();
  }
}
