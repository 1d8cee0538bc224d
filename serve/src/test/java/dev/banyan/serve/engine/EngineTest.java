package dev.banyan.serve.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.model.Sampling;
import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.policy.Admission;
import dev.banyan.serve.policy.ClassOrder;
import dev.banyan.serve.policy.PriorityClass;
import dev.banyan.serve.wire.Portable;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The forward pass here keeps each token in its block's memory and computes scores from all it
 * finds there, so a block that is shared, moved or given back wrongly shows as another answer.
 */
final class EngineTest {
  private static final int BLOCK = 4;

  /** Scores from the hash of the whole past, as memory has it. */
  private static final class Remembering implements Forward {
    private final ByteBuffer memory;

    Remembering(int blocks) {
      memory = ByteBuffer.allocate(blocks * BLOCK * 4);
    }

    @Override
    public List<float[]> step(List<Piece> pieces) {
      List<float[]> scores = new ArrayList<>();
      for (Piece each : pieces) {
        for (int i = 0; i < each.ids().length; i++) {
          memory.putInt(4 * place(each.blocks(), each.past() + i), each.ids()[i]);
        }
        int hash = 17;
        for (int i = 0; i < each.past() + each.ids().length; i++) {
          hash = hash * 31 + memory.getInt(4 * place(each.blocks(), i));
        }
        var random = new Random(hash);
        var row = new float[50];
        for (int i = 0; i < row.length; i++) {
          row[i] = random.nextFloat();
        }
        scores.add(row);
      }
      return scores;
    }

    private static int place(List<Integer> blocks, int position) {
      return blocks.get(position / BLOCK) * BLOCK + position % BLOCK;
    }

    @Override
    public ByteBuffer block(int block) {
      return memory.slice(block * BLOCK * 4, BLOCK * 4);
    }

    @Override
    public long blockBytes() {
      return BLOCK * 4L;
    }

    @Override
    public Guide guide(String schema) {
      throw new IllegalStateException(schema);
    }

    @Override
    public void close() {}
  }

  private final Map<Long, List<Integer>> answers = new LinkedHashMap<>();
  private double now;

  private Engine engine(int blocks) {
    return engine(blocks, Engine.Rules.FIRST_COME);
  }

  private Engine engine(int blocks, Engine.Rules rules) {
    return new Engine(
        new Remembering(blocks),
        new Engine.Size(0, blocks, BLOCK, 1, 8, 8),
        rules,
        () -> now,
        new Engine.Listener() {
          @Override
          public void token(Token token) {
            List<Integer> answer =
                answers.computeIfAbsent(token.request(), id -> new ArrayList<>());
            assertThat(token.number()).isEqualTo(answer.size());
            answer.add(token.id());
          }

          @Override
          public void prompt(long request, List<Token> tokens) {}
        });
  }

  private static TokenRequest asked(int request, double temperature) {
    int[] prompt = new int[5 + request % 11];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = i < 5 ? i : request + i;
    }
    return new TokenRequest(
        prompt,
        Sampling.atTemperature(temperature),
        request,
        20,
        List.of(),
        Map.of(),
        -1,
        false,
        PriorityClass.of(request % 3),
        "",
        "");
  }

  private Map<Long, List<Integer>> alone(int requests) {
    for (int id = 1; id <= requests; id++) {
      Engine engine = engine(40);
      engine.submit(id, 1, asked(id, id % 2));
      finish(engine);
    }
    Map<Long, List<Integer>> alone = new HashMap<>(answers);
    answers.clear();
    return alone;
  }

  private static void finish(Engine engine) {
    while (engine.hasWork()) {
      assertThat(engine.step()).isTrue();
    }
  }

  @Test
  void answersDoNotDependOnCompanyNorOnPreemption() {
    Map<Long, List<Integer>> alone = alone(12);
    Engine engine = engine(24);
    for (int id = 1; id <= 12; id++) {
      engine.submit(id, 1, asked(id, id % 2));
    }
    finish(engine);
    assertThat(answers).isEqualTo(alone);
    assertThat(engine.figures().preemptions()).isPositive();
    assertThat(engine.figures().prefixHitTokens()).isPositive();
    assertThat(engine.freeBlocks()).isEqualTo(24);
  }

  @Test
  void aRequestThatMovesAtAnyTokenGivesTheSameAnswer() {
    Map<Long, List<Integer>> alone = alone(3);
    for (int after = 1; after < 19; after++) {
      answers.clear();
      Engine source = engine(40);
      Engine destination = engine(40);
      for (int id = 1; id <= 3; id++) {
        source.submit(id, 1, asked(id, id % 2));
      }
      Portable ahead = null;
      while (!source.decodes(2) || Objects.requireNonNull(answers.get(2L)).size() < after) {
        if (source.decodes(2) && ahead == null) {
          ahead = source.portable(2);
        }
        assertThat(source.step()).isTrue();
      }
      ahead = ahead == null ? source.portable(2) : ahead;
      source.hold(2);
      int count = source.blocks(2);
      List<Integer> blocks = destination.reserve(count, true).orElseThrow();
      for (int i = 0; i < count; i++) {
        destination.memory(blocks.get(i)).put(source.block(2, i));
      }
      destination.adopt(2, 2, after, ahead, source.rest(2, ahead), blocks);
      assertThat(source.cancel(2)).isTrue();
      finish(source);
      finish(destination);
      assertThat(answers).isEqualTo(alone);
      assertThat(source.freeBlocks()).isEqualTo(40);
      assertThat(destination.freeBlocks()).isEqualTo(40);
    }
  }

  @Test
  void anAnswerGoesOnFromWhatTheClientHas() {
    Map<Long, List<Integer>> alone = alone(2);
    for (int had = 0; had < 20; had++) {
      answers.put(2L, new ArrayList<>(Objects.requireNonNull(alone.get(2L)).subList(0, had)));
      Engine engine = engine(40);
      int[] generated = answers.get(2L).stream().mapToInt(Integer::intValue).toArray();
      engine.submit(new Say.Submit(2, 3, asked(2, 0), generated, 1, 0));
      finish(engine);
      assertThat(answers.get(2L)).isEqualTo(alone.get(2L));
    }
  }

  /** A prompt of so many tokens that nothing shares, answered by {@code most}. */
  private static TokenRequest sized(int request, int tokens, int most) {
    return TokenRequest.greedy(new Random(request).ints(tokens, 0, 50).toArray(), most);
  }

  /** Prompts take a second per token, memory has place for one request at a time. */
  private List<Long> order(double patience) {
    answers.clear();
    EngineProfile a10 = EngineProfile.LLAMA_7B_A10;
    var pace =
        new EngineProfile(
            "slow",
            a10.memory(),
            new EngineProfile.Prefill(0, 1, 8),
            a10.decode(),
            a10.copy(),
            0,
            EngineProfile.Batching.CHUNKED);
    Engine engine =
        engine(10, new Engine.Rules(ClassOrder.STRICT, new Admission(patience, 0), pace));
    now = 0;
    engine.submit(1, 1, sized(1, 30, 8));
    assertThat(engine.step()).isTrue();
    engine.submit(2, 1, sized(2, 30, 8));
    now = 55;
    engine.submit(3, 1, sized(3, 2, 8));
    now = 57;
    engine.submit(4, 1, sized(4, 2, 8));
    // one that waited elsewhere for 57 s is due before all
    engine.submit(new Say.Submit(5, 1, sized(5, 29, 8), new int[0], 1, 57));
    finish(engine);
    return List.copyOf(answers.keySet());
  }

  /** 30 tokens are due after 60 s and 2 after 4: what came up to 56 s later passes. */
  @Test
  void aShortPromptPassesALongOneOnlyAsFarAsPatienceReaches() {
    assertThat(order(2)).containsExactly(1L, 5L, 3L, 2L, 4L);
    assertThat(order(0)).containsExactly(1L, 2L, 5L, 3L, 4L);
  }

  @Test
  void aNewcomerLeavesThoseThatRunRoomToGrow() {
    var roomy = new Engine.Rules(ClassOrder.STRICT, new Admission(0, 6), null);
    for (Engine.Rules rules : List.of(Engine.Rules.FIRST_COME, roomy)) {
      answers.clear();
      Engine engine = engine(12, rules);
      engine.submit(1, 1, sized(1, 16, 24));
      engine.submit(2, 1, sized(2, 16, 24));
      finish(engine);
      assertThat(engine.figures().preemptions() == 0).isEqualTo(rules.equals(roomy));
      assertThat(answers.values()).allMatch(each -> each.size() == 24);
    }
  }
}
