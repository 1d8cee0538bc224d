package dev.banyan.serve.engine;

import dev.banyan.core.Seed;
import dev.banyan.model.NextToken;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request on an engine. */
final class Sequence {
  final long request;
  final TokenRequest asked;
  final @Nullable Guide guide;
  final long order;
  final double since;
  final int moves;

  /** Where it stands among those that wait. */
  double due;

  long epoch;

  /** Prompt and answer. */
  int[] tokens;

  int size;

  /** Tokens whose keys and values are kept. */
  int computed;

  /** The number in the store; -1 while it waits. */
  int slot = -1;

  boolean relaid = true;
  final List<Integer> blocks = new ArrayList<>();

  /** Chain hash of each full block that is known. */
  final List<Long> hashes = new ArrayList<>();

  final List<Token> told = new ArrayList<>();
  final List<Token> promptTold = new ArrayList<>();
  boolean promptDone;
  boolean preempted;

  /** Out of the batch while it moves. */
  boolean held;

  /** Gone while a step computed it. */
  boolean dropped;

  private final NextToken next;

  Sequence(
      long request,
      long epoch,
      TokenRequest asked,
      @Nullable Guide guide,
      int[] generated,
      int moves,
      long order,
      double since) {
    this.request = request;
    this.epoch = epoch;
    this.asked = asked;
    this.guide = guide;
    this.moves = moves;
    this.order = order;
    this.since = since;
    this.tokens = Arrays.copyOf(asked.prompt(), asked.prompt().length + generated.length + 16);
    this.size = asked.prompt().length;
    this.next = new NextToken(asked.sampling(), new Seed(asked.seed()), asked.prompt());
    for (int id : generated) {
      add(id);
    }
  }

  PriorityClass priority() {
    return asked.priority();
  }

  int generated() {
    return size - asked.prompt().length;
  }

  void add(int id) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * size);
    }
    tokens[size++] = id;
    next.add(id);
    if (guide != null) {
      guide.accept(id);
    }
  }

  int[] answer() {
    return Arrays.copyOfRange(tokens, asked.prompt().length, size);
  }

  /** The next token after these scores, which are changed. */
  Token choose(float[] scores) {
    float[] model = asked.logprobs() >= 0 ? scores.clone() : scores;
    asked
        .logitBias()
        .forEach(
            (id, bias) -> {
              if (id >= 0 && id < scores.length) {
                scores[id] += bias.floatValue();
              }
            });
    if (guide != null) {
      if (guide.isOver()) {
        int stop = asked.stopIds().isEmpty() ? 0 : asked.stopIds().getFirst();
        return token(stop, Token.Finish.STOP, model);
      }
      guide.mask(scores, asked.stopIds());
      boolean dead = true;
      for (float score : scores) {
        dead &= score == Float.NEGATIVE_INFINITY;
      }
      if (dead) {
        return token(0, Token.Finish.ERROR, model);
      }
    }
    int id = next.choose(scores, size);
    if (asked.stopIds().contains(id)) {
      return token(id, Token.Finish.STOP, model);
    }
    boolean last = generated() + 1 >= asked.maxTokens();
    return token(id, last ? Token.Finish.LENGTH : Token.Finish.NONE, model);
  }

  private Token token(int id, Token.Finish finish, float[] scores) {
    return probable(request, epoch, generated(), id, finish, scores, asked.logprobs());
  }

  /** A token with what the model's scores say about it. */
  static Token probable(
      long request,
      long epoch,
      int number,
      int id,
      Token.Finish finish,
      float[] scores,
      int alternatives) {
    if (alternatives < 0) {
      return new Token(request, epoch, number, id, finish, Float.NaN, new int[0], new float[0]);
    }
    double highest = Double.NEGATIVE_INFINITY;
    for (float score : scores) {
      highest = Math.max(highest, score);
    }
    double sum = 0;
    for (float score : scores) {
      sum += Math.exp(score - highest);
    }
    double norm = highest + Math.log(sum);
    int[] top = best(scores, Math.min(alternatives, scores.length));
    float[] logprobs = new float[top.length];
    for (int i = 0; i < top.length; i++) {
      logprobs[i] = (float) (scores[top[i]] - norm);
    }
    return new Token(
        request, epoch, number, id, finish, (float) (scores[id] - norm), top, logprobs);
  }

  /** The highest, best first; of equals the first. O(n · count). */
  private static int[] best(float[] scores, int count) {
    int[] best = new int[count];
    int have = 0;
    for (int i = 0; i < scores.length; i++) {
      if (have == count && (count == 0 || scores[i] <= scores[best[count - 1]])) {
        continue;
      }
      int at = have < count ? have++ : count - 1;
      while (at > 0 && scores[best[at - 1]] < scores[i]) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = i;
    }
    return best;
  }
}
