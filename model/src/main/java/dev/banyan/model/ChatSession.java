package dev.banyan.model;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A conversation with a model that remembers. Keys and values stay between turns: of each prompt,
 * only the tokens behind the first one that differs from what was seen before go through the model.
 * Used by one thread.
 */
public final class ChatSession implements AutoCloseable {
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final Set<Integer> stopIds;
  private final @Nullable LoadedAdapter adapter;
  private final int virtualTokens;
  private final ContiguousKvStore kv;
  private final List<Map<String, ?>> messages = new ArrayList<>();
  private String system = "";

  /** The tokens whose keys and values the store holds, behind virtual ones. */
  private int[] held = {};

  private int turns;

  /**
   * How an answer is made.
   *
   * @param maxTokens at most so many tokens, and as many as the model has room for
   * @param stops text that ends the answer
   * @param variables what the template may ask for besides messages
   */
  public record Manner(
      Sampling sampling, int maxTokens, List<String> stops, Map<String, ?> variables, Seed seed) {
    public Manner {
      stops = List.copyOf(stops);
      variables = Map.copyOf(variables);
    }
  }

  /**
   * An answer.
   *
   * @param promptTokens tokens of the whole conversation before it
   * @param reusedTokens how many of them were not computed again
   */
  public record Reply(Completion completion, int promptTokens, int reusedTokens) {}

  /**
   * An empty conversation. The model stays the caller's.
   *
   * @param stopIds tokens that end an answer
   */
  public ChatSession(
      LanguageModel model, Tokenizer tokenizer, ChatTemplate template, Set<Integer> stopIds) {
    this(model, tokenizer, template, stopIds, null);
  }

  /**
   * The same with an adapter, which stays the caller's; null for the model alone.
   *
   * @param stopIds tokens that end an answer
   */
  public ChatSession(
      LanguageModel model,
      Tokenizer tokenizer,
      ChatTemplate template,
      Set<Integer> stopIds,
      @Nullable LoadedAdapter adapter) {
    this.adapter = adapter;
    this.model = model;
    this.tokenizer = tokenizer;
    this.template = template;
    this.stopIds = Set.copyOf(stopIds);
    this.kv = new ContiguousKvStore(model.config(), 1, DType.F32);
    this.virtualTokens = adapter == null ? 0 : adapter.begin(kv, 0);
  }

  /** Sets what the model is told before the conversation, and starts it anew; empty for nothing. */
  public void system(String text) {
    system = text;
    reset();
  }

  /** Forgets the conversation, not the system message. */
  public void reset() {
    messages.clear();
  }

  /** Messages so far, the system message not among them. */
  public List<Map<String, ?>> messages() {
    return List.copyOf(messages);
  }

  /**
   * Asks and answers. An answer that was stopped stays in the conversation as far as it came; when
   * this throws, the conversation is as it was.
   *
   * @param listener gets the answer piece by piece
   * @param stopped asked before each token; true ends the answer
   * @throws UserInputException when the template refuses the conversation, or the model has no room
   *     for it
   */
  public Reply say(String text, Manner manner, Consumer<String> listener, BooleanSupplier stopped) {
    List<Map<String, ?>> asked = new ArrayList<>(messages);
    asked.add(Conversation.message("user", text));
    int[] prompt = tokenizer.encode(text(asked, manner.variables()), false);
    int positions = model.config().maxPositions() - virtualTokens;
    int room = positions - prompt.length;
    if (room < 1) {
      throw new UserInputException(
          "the conversation has %d tokens, the model was made for %d; start it anew"
              .formatted(prompt.length, positions));
    }
    int reused = Math.min(common(held, prompt), prompt.length - 1);
    kv.truncate(0, virtualTokens + reused);
    held = Arrays.copyOf(prompt, reused);
    var request =
        new Generator.Request(
            prompt,
            manner.sampling(),
            Math.min(manner.maxTokens(), room),
            stopIds,
            manner.stops(),
            manner.seed().of("turn", turns++),
            adapter);
    Completion answer = new Generator(model, tokenizer).generateIn(kv, request, listener, stopped);
    held = seen(prompt, answer);
    messages.add(Conversation.message("user", text));
    messages.add(Conversation.message("assistant", answer.text()));
    return new Reply(answer, prompt.length, reused);
  }

  private String text(List<Map<String, ?>> asked, Map<String, ?> variables) {
    List<Map<String, ?>> all = new ArrayList<>();
    if (!system.isEmpty()) {
      all.add(Conversation.message("system", system));
    }
    all.addAll(asked);
    return template.render(new Conversation(all, null, null, true, variables)).text();
  }

  /** The beginning of prompt and answer that the store holds. */
  private int[] seen(int[] prompt, Completion answer) {
    int[] all = Arrays.copyOf(prompt, prompt.length + answer.ids().size());
    for (int i = 0; i < answer.ids().size(); i++) {
      all[prompt.length + i] = answer.ids().get(i);
    }
    return Arrays.copyOf(all, kv.length(0) - virtualTokens);
  }

  private static int common(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  @Override
  public void close() {
    kv.close();
  }
}
