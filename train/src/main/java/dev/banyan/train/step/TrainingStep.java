package dev.banyan.train.step;

import dev.banyan.model.KvStore;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.RouterRecord;
import dev.banyan.tensor.AdamW;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Shards;
import dev.banyan.tensor.Tensor;
import dev.banyan.train.TrainConfig;
import dev.banyan.train.pack.PackedRow;
import dev.banyan.train.ranks.GradientSum;
import dev.banyan.train.ranks.RankGroup;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Computes loss and gradients of one step and updates the model. The rows of a micro-batch are cut
 * into a fixed number of shards, each computed by one thread on a replica that shares the weights
 * and has gradients of its own; these are added in the order of the shards, so the result does not
 * depend on how many threads there are.
 */
public final class TrainingStep implements AutoCloseable {
  private final LanguageModel model;
  private final List<LanguageModel> replicas = new ArrayList<>();
  private final AdamW optimizer;
  private final Shards shards;
  private final double clip;
  private final Optional<GradientSum> overRanks;
  private final int firstShard;
  private final int allShards;
  private final TrainConfig.Routers routers;

  /**
   * What a step was like.
   *
   * @param loss mean nats per learned token
   * @param gradientNorm 2-norm of all gradients before clipping
   * @param learned tokens that were learned
   * @param routing null for a model without experts
   */
  public record Outcome(double loss, double gradientNorm, int learned, @Nullable Routing routing) {}

  /**
   * What routers did in a step.
   *
   * @param balance load-balancing loss, one when all experts are chosen alike
   * @param z the z-loss
   * @param load each expert's share of all choices, over all layers
   */
  public record Routing(double balance, double z, List<Double> load) {
    public Routing {
      load = List.copyOf(load);
    }

    /** Entropy of the load over its highest, 1 when all experts are chosen alike. */
    public double entropy() {
      double sum = 0;
      for (double share : load) {
        sum -= share > 0 ? share * Math.log(share) : 0;
      }
      return load.size() < 2 ? 1 : sum / Math.log(load.size());
    }
  }

  /** What one shard adds to a step. */
  @SuppressWarnings("ArrayRecordComponent") // read only here
  private record Part(double loss, double share, double balance, double z, long[] chosen) {}

  /**
   * @param ranks those that share the work of a step, if there are others: each computes an equal
   *     part of the shards
   */
  public TrainingStep(LanguageModel model, TrainConfig config, Optional<RankGroup> ranks) {
    this.model = model;
    this.clip = config.optimizer().clip();
    this.routers = config.routers();
    int own = config.data().shards() / ranks.map(group -> group.place().world()).orElse(1);
    this.firstShard = own * ranks.map(group -> group.place().rank()).orElse(0);
    this.allShards = config.data().shards();
    this.shards = Shards.open(own, config.threads());
    replicas.add(model);
    for (int i = 1; i < own; i++) {
      replicas.add(model.replica());
    }
    this.overRanks = ranks.map(group -> group.gradients(parameters()));
    this.optimizer = optimizer(model, config.optimizer());
  }

  /** Of each replica, in one order. */
  private List<List<Tensor>> parameters() {
    return replicas.stream().map(each -> List.copyOf(each.parameters().values())).toList();
  }

  /** Matrices decay, norms and biases do not. */
  private static AdamW optimizer(LanguageModel model, TrainConfig.Optimizer options) {
    List<Tensor> matrices = new ArrayList<>();
    List<Tensor> vectors = new ArrayList<>();
    for (Tensor parameter : model.parameters().values()) {
      (parameter.dim() >= 2 ? matrices : vectors).add(parameter);
    }
    return new AdamW(
        List.of(new AdamW.Group(matrices, options.weightDecay()), new AdamW.Group(vectors, 0)),
        new AdamW.Options(options.beta1(), options.beta2(), options.epsilon()));
  }

  public AdamW optimizer() {
    return optimizer;
  }

  /**
   * Computes gradients, without an update.
   *
   * @param microBatches rows of each micro-batch
   */
  public Outcome gradients(List<List<PackedRow>> microBatches) {
    int learned = microBatches.stream().flatMap(List::stream).mapToInt(PackedRow::learned).sum();
    int all = microBatches.stream().mapToInt(List::size).sum();
    List<Part> parts = new ArrayList<>();
    double[] losses = new double[replicas.size()];
    int left = microBatches.size();
    for (List<PackedRow> rows : microBatches) {
      Optional<GradientSum> afterwards = --left == 0 ? overRanks : Optional.empty();
      afterwards.ifPresent(GradientSum::expectLast);
      int each = rows.size() / allShards;
      int first = firstShard * each;
      double share = (double) each / all;
      List<Part> these =
          shards.run(
              shard -> {
                int from = first + shard * each;
                Part part = part(shard, rows.subList(from, from + each), learned, share);
                afterwards.ifPresent(sum -> sum.passed(shard));
                return part;
              });
      for (int i = 0; i < losses.length; i++) {
        losses[i] += these.get(i).loss;
      }
      parts.addAll(these);
    }
    double loss = 0;
    for (double each : losses) { // by shard, as ranks add them
      loss += each;
    }
    try (Scope scope = Scope.open()) {
      if (overRanks.isPresent()) {
        loss = overRanks.get().await(loss);
      } else {
        addGradients();
      }
      double norm = optimizer.clipGradientNorm(clip > 0 ? clip : Float.MAX_VALUE);
      return new Outcome(
          loss / learned, norm, learned, routing(parts, allShards / replicas.size()));
    }
  }

  /** Over this rank's part of the rows, an equal part as all are. */
  private static @Nullable Routing routing(List<Part> parts, int ranks) {
    int experts = parts.stream().mapToInt(part -> part.chosen.length).max().orElse(0);
    if (experts == 0) {
      return null;
    }
    double balance = 0;
    double z = 0;
    double[] chosen = new double[experts];
    double all = 0;
    for (Part part : parts) {
      balance += part.share * part.balance;
      z += part.share * part.z;
      for (int expert = 0; expert < part.chosen.length; expert++) {
        chosen[expert] += part.chosen[expert];
        all += part.chosen[expert];
      }
    }
    double sum = all;
    return new Routing(
        ranks * balance,
        ranks * z,
        java.util.Arrays.stream(chosen).map(count -> count / sum).boxed().toList());
  }

  /** Backward through one shard. Its loss is in nats, summed over its learned tokens. */
  private Part part(int shard, List<PackedRow> rows, int learned, double share) {
    try (Scope scope = Scope.open();
        RouterRecord routing = new RouterRecord()) {
      MicroBatch batch = MicroBatch.of(rows);
      LanguageModel replica = replicas.get(shard);
      replica.watchRouters(replica.config().experts() == null ? null : routing);
      Tensor hidden = replica.hidden(batch.batch(), KvStore.none());
      replica.watchRouters(null);
      int[] places = batch.learnedPlaces();
      if (places.length == 0) {
        return new Part(0, 0, 0, 0, new long[0]);
      }
      // answers are few tokens of their rows: only theirs are scored
      boolean all = places.length > 0.8 * batch.labels().length;
      Tensor logits = replica.logits(all ? hidden : hidden.indexSelect(0, Tensor.of(places)));
      Tensor labels = Tensor.of(all ? batch.labels() : batch.labelsAt(places));
      Tensor sum = logits.crossEntropy(labels, false);
      Tensor loss = sum.mul(1.0 / learned);
      Optional<Tensor> beside = routing.loss(routers.balance(), routers.z());
      // what stands beside the text is meant over tokens, so a shard adds its share of them
      beside.map(other -> loss.add(other.mul(share))).orElse(loss).backward();
      return beside.isPresent()
          ? new Part(sum.item(), share, routing.balance(), routing.z(), routing.chosen())
          : new Part(sum.item(), share, 0, 0, new long[0]);
    }
  }

  private void addGradients() {
    List<Tensor> own = List.copyOf(model.parameters().values());
    for (LanguageModel replica : replicas.subList(1, replicas.size())) {
      Iterator<Tensor> others = replica.parameters().values().iterator();
      for (Tensor parameter : own) {
        Tensor other = others.next();
        other.grad().ifPresent(gradient -> addGradient(parameter, gradient));
        other.clearGrad();
      }
    }
  }

  private static void addGradient(Tensor parameter, Tensor gradient) {
    parameter.grad().ifPresentOrElse(sum -> sum.add_(gradient), () -> parameter.setGrad(gradient));
  }

  /** Updates the weights with the gradients and forgets them. */
  public void update(double learningRate) {
    optimizer.step(learningRate);
    optimizer.clearGradients();
  }

  @Override
  public void close() {
    overRanks.ifPresent(GradientSum::close);
    optimizer.close();
    replicas.subList(1, replicas.size()).forEach(LanguageModel::close);
    shards.close();
  }
}
