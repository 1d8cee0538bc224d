package dev.banyan.serve;

import dev.banyan.core.Seed;
import dev.banyan.model.Sampling;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.TokenRequest;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Requests of every kind, drawn by number: greedy and seeded, several answers to one prompt, with
 * probabilities of answer or prompt, stop tokens, JSON schemas, penalties and biases.
 */
record TrialRequests(Seed seed, int vocabulary, int mostPrompt, int mostAnswer) {
  private static final List<String> SCHEMAS =
      List.of(
          "{}",
          """
          {"type": "object", "properties": {"name": {"type": "string", "maxLength": 12},
           "age": {"type": "integer"}, "kind": {"enum": ["oak", "fig", "elm"]}},
           "required": ["name", "kind"]}""",
          """
          {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "boolean"},
           {"type": "string", "minLength": 2}]}, "minItems": 3}""");

  /** The kinds, in turn. */
  enum Kind {
    GREEDY,
    SEEDED,
    SEVERAL,
    LOGPROBS,
    STOPS,
    SCHEMA,
    PROMPT_LOGPROBS,
    PENALTIES
  }

  static Kind kind(int number) {
    return Kind.values()[number % Kind.values().length];
  }

  TokenRequest request(int number) {
    Kind kind = kind(number);
    // two answers to one prompt, of different seeds
    int which = kind == Kind.SEVERAL ? number / 16 * 16 : number;
    RandomGenerator random = seed.stream("request", which);
    int[] prompt = random.ints(4 + random.nextInt(mostPrompt - 3), 0, vocabulary).toArray();
    int answer = mostAnswer / 4 + random.nextInt(mostAnswer - mostAnswer / 4);
    var drawn = new Sampling(0.8 + random.nextDouble(), 40, 0.95, 0, 1, 0, 0);
    Sampling sampling =
        switch (kind) {
          case GREEDY, LOGPROBS, PROMPT_LOGPROBS -> Sampling.greedy();
          case SEEDED, SEVERAL, STOPS, SCHEMA -> drawn;
          case PENALTIES -> new Sampling(0.7, 0, 0.9, 0.01, 1.1, 0.5, 0.3);
        };
    List<Integer> stops =
        kind == Kind.STOPS
            ? IntStream.range(0, Math.max(1, vocabulary / 48)).map(i -> 7 * i + 3).boxed().toList()
            : List.of();
    int logprobs =
        switch (kind) {
          case LOGPROBS -> 5;
          case PROMPT_LOGPROBS -> 2;
          case SEEDED -> 0;
          default -> -1;
        };
    return new TokenRequest(
        prompt,
        sampling,
        seed.of("sampling", number).value(),
        answer,
        stops,
        kind == Kind.PENALTIES ? Map.of(5, 4.0, 9, -100.0) : Map.of(),
        logprobs,
        kind == Kind.PROMPT_LOGPROBS,
        PriorityClass.of(random.nextInt(PriorityClass.count())),
        "",
        kind == Kind.SCHEMA ? SCHEMAS.get(number / 8 % SCHEMAS.size()) : "");
  }
}
