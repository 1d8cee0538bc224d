package dev.banyan.model;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.model.generate.Answer;
import dev.banyan.tensor.DType;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Continues prompts, one or many at once. Many share each forward pass: as soon as one answer ends,
 * the next prompt takes its place. What is drawn depends on a request's own seed and on the place
 * of the token, so an answer does not depend on its company (up to rounding of the arithmetic).
 */
public final class Generator {
  /** Prompt tokens that go through one forward pass together. */
  private static final int PREFILL_TOKENS = 4096;

  private final LanguageModel model;
  private final @Nullable Tokenizer tokenizer;

  /**
   * What is asked for.
   *
   * @param prompt at least one token
   * @param stopIds tokens that end the answer and do not belong to it
   * @param stops text that ends the answer and does not belong to it
   * @param adapter what prompt and answer go through besides the model; null for the model alone
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  public record Request(
      int[] prompt,
      Sampling sampling,
      int maxTokens,
      Set<Integer> stopIds,
      List<String> stops,
      Seed seed,
      @Nullable LoadedAdapter adapter) {
    public Request {
      stopIds = Set.copyOf(stopIds);
      stops = List.copyOf(stops);
      if (prompt.length == 0) {
        throw new IllegalArgumentException("a prompt needs at least one token");
      }
      if (maxTokens < 1) {
        throw new IllegalArgumentException("maxTokens is " + maxTokens + ", must be at least 1");
      }
    }

    /** Without an adapter. */
    public Request(
        int[] prompt,
        Sampling sampling,
        int maxTokens,
        Set<Integer> stopIds,
        List<String> stops,
        Seed seed) {
      this(prompt, sampling, maxTokens, stopIds, stops, seed, null);
    }

    /** The same with an adapter. */
    public Request with(@Nullable LoadedAdapter other) {
      return new Request(prompt, sampling, maxTokens, stopIds, stops, seed, other);
    }

    /** Positions before the prompt. */
    private int virtualTokens() {
      return adapter == null ? 0 : adapter.virtualTokens();
    }

    private void begin(KvStore kv, int sequence) {
      if (adapter != null) {
        int unused = adapter.begin(kv, sequence);
      }
    }

    /** Tokens of prompt or answer, the first the {@code index}th of both. */
    private Batch.Piece piece(int sequence, int index, int[] ids) {
      return new Batch.Piece(sequence, virtualTokens() + index, ids, adapter);
    }

    /** The most probable answer. */
    public static Request greedy(int[] prompt, int maxTokens, Set<Integer> stopIds) {
      return new Request(prompt, Sampling.greedy(), maxTokens, stopIds, List.of(), new Seed(0));
    }
  }

  /**
   * A generator of this model.
   *
   * @param tokenizer turns tokens into text; null for tokens only
   */
  public Generator(LanguageModel model, @Nullable Tokenizer tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /**
   * One answer, its text handed to {@code listener} piece by piece as it becomes certain; no piece
   * ends inside a character.
   *
   * @throws UserInputException when prompt and answer are longer than the model can take
   */
  public Completion generate(Request request, Consumer<String> listener) {
    return run(List.of(request), 1, listener).getFirst();
  }

  /**
   * An answer to each request, in their order.
   *
   * @param atOnce how many answers grow together; each needs its keys and values in memory
   * @throws UserInputException when a prompt and its answer are longer than the model can take
   */
  public List<Completion> generateAll(List<Request> requests, int atOnce) {
    return run(requests, atOnce, text -> {});
  }

  /**
   * One answer whose prompt may begin with what sequence 0 of {@code kv} already holds: only the
   * rest of the prompt goes through the model. The store keeps prompt and answer, without the
   * answer's last token, behind the adapter's virtual tokens, with which an empty sequence begins.
   *
   * @param stopped asked before each token; true ends the answer as {@link
   *     Completion.Finish#STOPPED}
   * @throws UserInputException when prompt and answer are longer than the model can take
   * @throws IllegalArgumentException when the store holds more than the prompt without its last
   *     token
   */
  public Completion generateIn(
      KvStore kv, Request request, Consumer<String> listener, BooleanSupplier stopped) {
    requireRoom(request);
    if (kv.length(0) == 0) {
      request.begin(kv, 0);
    }
    int past = kv.length(0) - request.virtualTokens();
    int[] prompt = request.prompt();
    if (past >= prompt.length) {
      throw new IllegalArgumentException(
          "the store holds %d tokens, the prompt has %d".formatted(past, prompt.length));
    }
    var answer = new Answer(request, tokenizer, listener);
    var slot = new TreeMap<>(Map.of(0, 0));
    try (Guard guard = Guard.noGrad()) {
      for (int from = past; from < prompt.length && !stopped.getAsBoolean(); ) {
        int to = Math.min(prompt.length, from + PREFILL_TOKENS);
        var piece = request.piece(0, from, Arrays.copyOfRange(prompt, from, to));
        if (to < prompt.length) {
          try (Scope scope = Scope.open()) {
            model.hidden(Batch.ragged(List.of(piece)), kv);
          }
        } else {
          step(slot, List.of(answer), kv, (at, number) -> piece);
        }
        from = to;
      }
      while (!answer.isFinished()) {
        if (answer.size() == 0 || stopped.getAsBoolean()) {
          answer.stop();
        } else {
          step(slot, List.of(answer), kv, (at, number) -> newest(at, request, answer));
        }
      }
    }
    return answer.completion();
  }

  private List<Completion> run(List<Request> requests, int atOnce, Consumer<String> listener) {
    requests.forEach(this::requireRoom);
    List<Answer> answers =
        requests.stream().map(request -> new Answer(request, tokenizer, listener)).toList();
    int slots = Math.max(1, Math.min(atOnce, requests.size()));
    // slot of the store → number of the request
    var active = new TreeMap<Integer, Integer>();
    int next = 0;
    try (var kv = new ContiguousKvStore(model.config(), slots, DType.F32);
        Guard guard = Guard.noGrad()) {
      while (next < requests.size() || !active.isEmpty()) {
        var started = new TreeMap<Integer, Integer>();
        int tokens = 0;
        for (int slot = 0; slot < slots && next < requests.size(); slot++) {
          int length = requests.get(next).prompt().length;
          if (!active.containsKey(slot) && (tokens == 0 || tokens + length <= PREFILL_TOKENS)) {
            kv.truncate(slot, 0);
            requests.get(next).begin(kv, slot);
            started.put(slot, next++);
            tokens += length;
          }
        }
        if (!started.isEmpty()) {
          step(started, answers, kv, (slot, number) -> prompt(slot, requests.get(number)));
          active.putAll(started);
        } else {
          step(
              active,
              answers,
              kv,
              (slot, number) -> newest(slot, requests.get(number), answers.get(number)));
        }
        active.values().removeIf(number -> answers.get(number).isFinished());
      }
    }
    return answers.stream().map(Answer::completion).toList();
  }

  private interface PieceOf {
    Batch.Piece of(int slot, int number);
  }

  private static Batch.Piece prompt(int slot, Request request) {
    return request.piece(slot, 0, request.prompt());
  }

  private static Batch.Piece newest(int slot, Request request, Answer answer) {
    int index = request.prompt().length + answer.size() - 1;
    return request.piece(slot, index, new int[] {answer.last()});
  }

  /** One forward pass for these slots; each gets its next token. */
  private void step(
      SortedMap<Integer, Integer> slots, List<Answer> answers, KvStore kv, PieceOf piece) {
    var pieces = new ArrayList<Batch.Piece>();
    slots.forEach((slot, number) -> pieces.add(piece.of(slot, number)));
    try (Scope scope = Scope.open()) {
      Tensor scores = model.forwardLast(Batch.ragged(pieces), kv);
      List<Answer> chosen = slots.values().stream().map(answers::get).toList();
      if (chosen.stream().allMatch(Answer::isPlainGreedy)) {
        long[] best = scores.argmax(1).toLongs();
        for (int i = 0; i < best.length; i++) {
          chosen.get(i).accept((int) best[i]);
        }
      } else {
        float[] all = scores.toFloats();
        int vocabulary = all.length / chosen.size();
        for (int i = 0; i < chosen.size(); i++) {
          chosen.get(i).choose(Arrays.copyOfRange(all, i * vocabulary, (i + 1) * vocabulary));
        }
      }
    }
  }

  private void requireRoom(Request request) {
    int positions = model.config().maxPositions();
    int room = positions - request.virtualTokens();
    if ((long) request.prompt().length + request.maxTokens() > room) {
      String taken =
          request.virtualTokens() == 0
              ? ""
              : ", of which the adapter takes " + request.virtualTokens();
      throw new UserInputException(
          "the prompt has %d tokens and %d more were asked for; the model was made for %d positions%s. Shorten the prompt or ask for at most %d tokens."
              .formatted(
                  request.prompt().length,
                  request.maxTokens(),
                  positions,
                  taken,
                  Math.max(0, room - request.prompt().length)));
    }
  }
}
