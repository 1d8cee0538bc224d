package dev.banyan.train.write;

import dev.banyan.train.checkpoint.TrainerState;
import dev.banyan.train.step.TrainingStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/** What a run reports while it runs: {@code metrics.jsonl} and a TensorBoard event file. */
public final class RunLog implements AutoCloseable {
  private final @Nullable MetricsLog metrics;
  private final @Nullable EventFile events;

  private RunLog(@Nullable MetricsLog metrics, @Nullable EventFile events) {
    this.metrics = metrics;
    this.events = events;
  }

  /** Goes on with the log of a run that resumes after {@code step}; 0 begins anew. */
  public static RunLog open(Path out, long step) {
    try {
      var metrics = MetricsLog.resume(out.resolve("metrics.jsonl"), step);
      return new RunLog(metrics, EventFile.create(out.resolve("tensorboard"), Instant.now()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The log of a process that reports nothing. */
  public static RunLog none() {
    return new RunLog(null, null);
  }

  /** Reports the step that led to {@code state}. */
  public void step(
      TrainerState state,
      TrainingStep.Outcome outcome,
      double learningRate,
      double tokensPerSecond) {
    if (metrics == null || events == null) {
      return;
    }
    var values = new LinkedHashMap<String, Double>();
    values.put("loss", outcome.loss());
    values.put("learningRate", learningRate);
    values.put("gradientNorm", outcome.gradientNorm());
    values.put("learnedTokens", (double) state.learnedTokens());
    values.put("tokensPerSecond", tokensPerSecond);
    var routing = outcome.routing();
    if (routing != null) {
      values.put("routerBalance", routing.balance());
      values.put("routerZ", routing.z());
      values.put("expertEntropy", routing.entropy());
      for (int expert = 0; expert < routing.load().size(); expert++) {
        values.put("expertLoad" + expert, routing.load().get(expert));
      }
    }
    try {
      metrics.write(state.step(), values);
      events.write(state.step(), Instant.now(), values);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes what was reported survive a power cut. */
  public void sync() {
    try {
      if (metrics != null) {
        metrics.sync();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try (events) {
      if (metrics != null) {
        metrics.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
