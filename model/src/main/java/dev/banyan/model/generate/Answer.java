package dev.banyan.model.generate;

import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.StreamingDecoder;
import dev.banyan.model.Tokenizer;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One answer while it grows. */
public final class Answer {
  private final Generator.Request request;
  private final History history;
  private final @Nullable StreamingDecoder decoder;
  private final StopGate gate;
  private final Consumer<String> listener;
  private final StringBuilder text = new StringBuilder();
  private int[] ids = new int[16];
  private int size;
  private Completion.@Nullable Finish finish;

  public Answer(
      Generator.Request request, @Nullable Tokenizer tokenizer, Consumer<String> listener) {
    this.request = request;
    this.history = new History(request.prompt());
    this.decoder = tokenizer == null ? null : tokenizer.stream(true);
    this.gate = new StopGate(request.stops());
    this.listener = listener;
  }

  /** Tokens so far. */
  public int size() {
    return size;
  }

  /** The newest token. */
  public int last() {
    return ids[size - 1];
  }

  /** Whether the highest score is the next token. */
  public boolean isPlainGreedy() {
    return request.sampling().isPlainGreedy();
  }

  public boolean isFinished() {
    return finish != null;
  }

  /** Chooses the next token from its scores; the random number is keyed by its place. */
  public void choose(float[] scores) {
    int position = request.prompt().length + size;
    double uniform =
        request.sampling().temperature() == 0
            ? 0
            : request.seed().stream("sample", position).nextDouble();
    accept(Sampler.choose(scores, request.sampling(), history, uniform));
  }

  /** Takes the next token. */
  public void accept(int id) {
    if (request.stopIds().contains(id)) {
      finish(Completion.Finish.STOP_ID);
      return;
    }
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
    }
    ids[size++] = id;
    history.add(id);
    if (decoder != null) {
      give(gate.add(decoder.add(id)));
    }
    if (gate.isStopped()) {
      finish = Completion.Finish.STOP_STRING;
    } else if (size == request.maxTokens()) {
      finish(Completion.Finish.LENGTH);
    }
  }

  /** Ends the answer where it is. */
  public void stop() {
    finish(Completion.Finish.STOPPED);
  }

  private void finish(Completion.Finish why) {
    if (decoder != null) {
      give(gate.add(decoder.finish()));
      give(gate.finish());
    }
    finish = gate.isStopped() ? Completion.Finish.STOP_STRING : why;
  }

  private void give(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      listener.accept(piece);
    }
  }

  /**
   * The finished answer.
   *
   * @throws IllegalStateException while it still grows
   */
  public Completion completion() {
    if (finish == null) {
      throw new IllegalStateException("the answer still grows");
    }
    return new Completion(Arrays.stream(ids, 0, size).boxed().toList(), text.toString(), finish);
  }
}
