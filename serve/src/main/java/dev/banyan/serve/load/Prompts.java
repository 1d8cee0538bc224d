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
  private static final int FEW = 8;
  private static final int MORE = 40;

  /** Asks for a short and a longer prompt's tokens; this also wakes the server. */
  static Prompts measure(int few, int more) {
    if (few <= 0 || more <= few) {
      return new Prompts(0, 1, false);
    }
    double perWord = (double) (more - few) / (MORE - FEW);
    return new Prompts(few - FEW * perWord, perWord, true);
  }

  /** As the server counts. */
  public static Prompts measured(Client client) {
    int few = client.promptTokens(words(FEW, new Seed(0).stream("few")));
    int more = client.promptTokens(words(MORE, new Seed(0).stream("more")));
    return measure(few, more);
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
