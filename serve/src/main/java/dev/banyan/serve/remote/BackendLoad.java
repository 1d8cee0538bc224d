package dev.banyan.serve.remote;

import dev.banyan.serve.remote.PrometheusText.Sample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/**
 * A backend's load as it tells it.
 *
 * @param running requests in its batch
 * @param waiting requests in its queue
 * @param used share of KV memory in use, 0 to 1; empty when it does not tell
 * @param blocks KV memory in blocks; 0 when it does not tell
 * @param blockTokens tokens a block holds
 */
record BackendLoad(int running, int waiting, OptionalDouble used, int blocks, int blockTokens) {
  private static final int USUAL_BLOCK = 16;

  /** Reads the metrics of a kind; empty when they are not there. */
  static Optional<BackendLoad> of(Kind kind, List<Sample> samples) {
    return switch (kind) {
      case VLLM -> vllm(samples);
      case SGLANG -> sglang(samples);
      case LLAMA_CPP -> llamaCpp(samples);
      case BANYAN -> banyan(samples);
      case OPENAI -> Optional.empty();
    };
  }

  /**
   * vLLM, with a label {@code engine} for each of several data-parallel engines. The share of
   * memory was called {@code gpu_cache_usage_perc} until 0.10.
   */
  private static Optional<BackendLoad> vllm(List<Sample> samples) {
    OptionalDouble running = sum(samples, "vllm:num_requests_running");
    if (running.isEmpty()) {
      return Optional.empty();
    }
    OptionalDouble used = mean(samples, "vllm:kv_cache_usage_perc");
    if (used.isEmpty()) {
      used = mean(samples, "vllm:gpu_cache_usage_perc");
    }
    int blocks = 0;
    int blockTokens = USUAL_BLOCK;
    for (Sample each : samples) {
      if (each.name().equals("vllm:cache_config_info")) {
        blocks += whole(each.label("num_gpu_blocks"), 0);
        blockTokens = Math.max(1, whole(each.label("block_size"), USUAL_BLOCK));
      }
    }
    int waiting = count(sum(samples, "vllm:num_requests_waiting"));
    return Optional.of(new BackendLoad(count(running), waiting, used, blocks, blockTokens));
  }

  /** SGLang: ranks of one data-parallel group tell the same numbers, groups their own. */
  private static Optional<BackendLoad> sglang(List<Sample> samples) {
    OptionalDouble running = groups(samples, "sglang:num_running_reqs");
    if (running.isEmpty()) {
      return Optional.empty();
    }
    OptionalDouble tokens = groups(samples, "sglang:max_total_num_tokens");
    return Optional.of(
        new BackendLoad(
            count(running),
            count(groups(samples, "sglang:num_queue_reqs")),
            mean(samples, "sglang:token_usage"),
            count(tokens) / USUAL_BLOCK,
            USUAL_BLOCK));
  }

  /** llama.cpp; the share of memory is told by old versions only, see {@link #withSlots}. */
  private static Optional<BackendLoad> llamaCpp(List<Sample> samples) {
    OptionalDouble running = sum(samples, "llamacpp:requests_processing");
    if (running.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new BackendLoad(
            count(running),
            count(sum(samples, "llamacpp:requests_deferred")),
            mean(samples, "llamacpp:kv_cache_usage_ratio"),
            0,
            USUAL_BLOCK));
  }

  private static Optional<BackendLoad> banyan(List<Sample> samples) {
    OptionalDouble running = sum(samples, "banyan_requests_running");
    if (running.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new BackendLoad(
            count(running),
            count(sum(samples, "banyan_requests_waiting")),
            mean(samples, "banyan_kv_used_ratio"),
            count(sum(samples, "banyan_kv_blocks")),
            USUAL_BLOCK));
  }

  /**
   * With llama.cpp's {@code /slots}: each slot has its part of the context set aside, so the share
   * of slots that are processing is the share that is taken. Without metrics they count requests.
   */
  static Optional<BackendLoad> withSlots(Optional<BackendLoad> report, JsonNode slots) {
    if (!slots.isArray() || slots.isEmpty()) {
      return report;
    }
    int busy = 0;
    long tokens = 0;
    for (JsonNode each : slots) {
      busy += each.path("is_processing").asBoolean(each.path("state").asInt(0) != 0) ? 1 : 0;
      tokens += Math.max(0, each.path("n_ctx").asInt(0));
    }
    BackendLoad told =
        report.orElse(new BackendLoad(busy, 0, OptionalDouble.empty(), 0, USUAL_BLOCK));
    OptionalDouble used =
        told.used.isPresent() ? told.used : OptionalDouble.of((double) busy / slots.size());
    int blocks = (int) Math.min(Integer.MAX_VALUE, tokens / USUAL_BLOCK);
    return Optional.of(new BackendLoad(told.running, told.waiting, used, blocks, USUAL_BLOCK));
  }

  private static OptionalDouble sum(List<Sample> samples, String name) {
    return finite(samples, name).isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(finite(samples, name).stream().mapToDouble(Sample::value).sum());
  }

  private static OptionalDouble mean(List<Sample> samples, String name) {
    return finite(samples, name).stream().mapToDouble(Sample::value).average();
  }

  /** The sum over data-parallel groups of each group's highest. */
  private static OptionalDouble groups(List<Sample> samples, String name) {
    Map<String, Double> highest = new HashMap<>();
    for (Sample each : finite(samples, name)) {
      highest.merge(each.label("dp_rank"), each.value(), Math::max);
    }
    return highest.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(highest.values().stream().mapToDouble(v -> v).sum());
  }

  private static List<Sample> finite(List<Sample> samples, String name) {
    return samples.stream()
        .filter(each -> each.name().equals(name) && Double.isFinite(each.value()))
        .toList();
  }

  private static int count(OptionalDouble value) {
    return Math.clamp(Math.round(value.orElse(0)), 0, Integer.MAX_VALUE);
  }

  private static int whole(String text, int otherwise) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return otherwise; // vLLM writes None before its memory is laid out
    }
  }
}
