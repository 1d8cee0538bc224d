package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.remote.PrometheusText.Sample;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Metrics as the servers write them, and what is made of them. */
final class BackendLoadTest {
  private static Optional<BackendLoad> read(Kind kind, String text) {
    return BackendLoad.of(kind, PrometheusText.read(text));
  }

  @Test
  void vllmTellsTheShareOfItsMemoryUnderItsNewNameOrItsOld() {
    String text =
        """
        # HELP vllm:num_requests_running Number of requests in model execution batches.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-0.6B"} 3.0
        # TYPE vllm:num_requests_waiting gauge
        vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-0.6B"} 2.0
        vllm:%s{engine="0",model_name="Qwen/Qwen3-0.6B"} 0.25
        # TYPE vllm:cache_config_info gauge
        vllm:cache_config_info{block_size="16",cache_dtype="auto",num_gpu_blocks="573",num_gpu_blocks_override="None",swap_space_bytes="4294967296"} 1.0
        vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="Qwen/Qwen3-0.6B"} 7.0
        """;
    var expected = new BackendLoad(3, 2, OptionalDouble.of(0.25), 573, 16);
    assertThat(read(Kind.VLLM, text.formatted("kv_cache_usage_perc"))).contains(expected);
    assertThat(read(Kind.VLLM, text.formatted("gpu_cache_usage_perc"))).contains(expected);
    assertThat(read(Kind.VLLM, "process_cpu_seconds_total 3\n")).isEmpty();
  }

  @Test
  void enginesOfOneServerAddUp() {
    String text =
        """
        vllm:num_requests_running{engine="0"} 3
        vllm:num_requests_running{engine="1"} 4
        vllm:num_requests_waiting{engine="0"} 0
        vllm:num_requests_waiting{engine="1"} 1
        vllm:kv_cache_usage_perc{engine="0"} 0.5
        vllm:kv_cache_usage_perc{engine="1"} 0.7
        vllm:cache_config_info{engine="0",block_size="32",num_gpu_blocks="None"} 1
        vllm:cache_config_info{engine="1",block_size="32",num_gpu_blocks="100"} 1
        """;
    assertThat(read(Kind.VLLM, text))
        .contains(new BackendLoad(7, 1, OptionalDouble.of(0.6), 100, 32));
  }

  @Test
  void ranksOfOneSglangGroupTellTheSameRequests() {
    String text =
        """
        sglang:num_running_reqs{engine_type="unified",model_name="m",pp_rank="0",tp_rank="0"} 5.0
        sglang:num_running_reqs{engine_type="unified",model_name="m",pp_rank="0",tp_rank="1"} 5.0
        sglang:num_queue_reqs{engine_type="unified",model_name="m",pp_rank="0",tp_rank="0"} 1.0
        sglang:token_usage{engine_type="unified",model_name="m",pp_rank="0",tp_rank="0"} 0.28
        sglang:max_total_num_tokens{model_name="m",tp_rank="0"} 471258.0
        """;
    assertThat(read(Kind.SGLANG, text))
        .contains(new BackendLoad(5, 1, OptionalDouble.of(0.28), 29453, 16));
  }

  @Test
  void llamaCppTellsItsMemoryByItsSlots() {
    String text =
        """
        # HELP llamacpp:prompt_tokens_seconds Average prompt throughput in tokens/s.
        # TYPE llamacpp:prompt_tokens_seconds gauge
        llamacpp:prompt_tokens_seconds nan
        llamacpp:requests_processing 3
        llamacpp:requests_deferred 46
        """;
    String slots =
        """
        [{"id":0,"n_ctx":4096,"is_processing":true},{"id":1,"n_ctx":4096,"is_processing":true},
         {"id":2,"n_ctx":4096,"is_processing":true},{"id":3,"n_ctx":4096,"is_processing":false}]
        """;
    Optional<BackendLoad> report = read(Kind.LLAMA_CPP, text);
    assertThat(report).contains(new BackendLoad(3, 46, OptionalDouble.empty(), 0, 16));
    assertThat(BackendLoad.withSlots(report, Json.mapper().readTree(slots)))
        .contains(new BackendLoad(3, 46, OptionalDouble.of(0.75), 1024, 16));
    assertThat(BackendLoad.withSlots(Optional.empty(), Json.mapper().readTree(slots)))
        .contains(new BackendLoad(3, 0, OptionalDouble.of(0.75), 1024, 16));
    assertThat(read(Kind.LLAMA_CPP, text + "llamacpp:kv_cache_usage_ratio 0.5\n"))
        .contains(new BackendLoad(3, 46, OptionalDouble.of(0.5), 0, 16));
  }

  @Test
  void theTextFormatsOddCornersAreRead() {
    String text =
        "\n # x\na 1\r\nb{} -Inf 1395066363000\nc{x=\"\\\\ \\\"q\\\" \\n}\", y=\"é\",} 1e-3 # {t=\"1\"} 2\n# EOF";
    assertThat(PrometheusText.read(text))
        .containsExactly(
            new Sample("a", Map.of(), 1),
            new Sample("b", Map.of(), Double.NEGATIVE_INFINITY),
            new Sample("c", Map.of("x", "\\ \"q\" \n}", "y", "é"), 1e-3));
    for (String each :
        List.of("a", "a b", "{x=\"1\"} 1", "a{x=1} 1", "a{x=\"1\" 1", "a{x=\"1\\", "<html>")) {
      assertThatThrownBy(() -> PrometheusText.read("ok 1\n" + each))
          .isInstanceOf(UserInputException.class)
          .hasMessageStartingWith("metrics, line 2, character ");
    }
  }

  @Test
  void whatWasSentSinceTheReportCountsBesideWhatOthersHaveThere() {
    var backend = new Backend(0, URI.create("http://x"), Kind.VLLM, List.of());
    var first = new Somebody();
    backend.enter(first, 100);
    backend.asking();
    backend.enter(new Somebody(), 100);
    backend.reported(Optional.of(new BackendLoad(4, 1, OptionalDouble.of(0.5), 100, 16)));
    InstanceLoad load = backend.load();
    assertThat(load.batch().requests() + load.queue().requests()).isEqualTo(4 + 2);
    assertThat(load.memory().freeBlocks()).isEqualTo(50);
    backend.exit(first);
    assertThat(backend.load().batch().requests() + backend.load().queue().requests()).isEqualTo(5);
  }

  private static final class Somebody implements Backend.Stay {
    @Override
    public void leave() {}

    @Override
    public void lost() {}

    @Override
    public void end() {}
  }

  @Test
  void whereAllTellTheirMemoryTheFreestIsPickedElseTheLeastLoaded() {
    var full = backend(0, new BackendLoad(1, 0, OptionalDouble.of(0.9), 1000, 16));
    var free = backend(1, new BackendLoad(4, 0, OptionalDouble.of(0.1), 1000, 16));
    var mute = backend(2, new BackendLoad(3, 0, OptionalDouble.empty(), 0, 16));
    var idle = backend(3, new BackendLoad(0, 0, OptionalDouble.of(0), 10, 16));
    assertThat(Picker.pick(0, 10, List.of(full, free))).isEqualTo(1);
    assertThat(Picker.pick(0, 10, List.of(free, mute))).isEqualTo(2);
    assertThat(Picker.pick(0, 10, List.of(full, free, idle))).isEqualTo(3);
  }

  private static InstanceLoad backend(int id, BackendLoad report) {
    var backend = new Backend(id, URI.create("http://x"), Kind.VLLM, List.of());
    backend.reported(Optional.of(report));
    return backend.load();
  }

  @Test
  void idsNobodyAskedForAreTakenOutAndNothingElse() {
    String told =
        "data: {\"prompt_token_ids\": [1,2], \"choices\":[{\"text\":\"\\\"token_ids\\\":[1]\","
            + "\"logprobs\":{\"token_ids\":[4]},\"token_ids\":[1,2],\"n\":1.50e0}]}\n\n";
    String hidden =
        "data: {\"prompt_token_ids\": null, \"choices\":[{\"text\":\"\\\"token_ids\\\":[1]\","
            + "\"logprobs\":{\"token_ids\":[4]},\"token_ids\":null,\"n\":1.50e0}]}\n\n";
    assertThat(
            new String(
                TokenIds.hidden(told.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo(hidden);
  }

  @Test
  void whatEndedSinceTheReportIsNotThoughtToBeOfOthers() {
    var backend = new Backend(0, URI.create("http://x"), Kind.VLLM, List.of());
    List<Somebody> ours = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ours.add(new Somebody());
      backend.enter(ours.getLast(), 100);
    }
    backend.asking();
    backend.reported(Optional.of(new BackendLoad(10, 0, OptionalDouble.of(0.5), 100, 16)));
    ours.subList(0, 8).forEach(backend::exit);
    assertThat(backend.load().batch().requests()).isEqualTo(2);
    backend.asking(); // and no answer yet
    assertThat(backend.load().batch().requests()).isEqualTo(2);
    backend.reported(Optional.of(new BackendLoad(3, 0, OptionalDouble.of(0.5), 100, 16)));
    assertThat(backend.load().batch().requests()).isEqualTo(3);
  }
}
