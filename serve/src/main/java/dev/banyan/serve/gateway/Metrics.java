package dev.banyan.serve.gateway;

import dev.banyan.serve.http.Exposition;
import dev.banyan.serve.policy.InstanceLoad;
import java.util.Map;

/** What Prometheus reads. */
record Metrics(LiveCluster cluster) {
  String text() {
    var page = new Exposition();
    for (LiveCluster.Shown each : cluster.shown()) {
      Map<String, String> of = Map.of("instance", Integer.toString(each.id()));
      InstanceLoad load = each.load();
      int blocks = load.memory().totalBlocks();
      double used = 1 - (double) load.memory().freeBlocks() / blocks;
      page.gauge("banyan_requests_running", "Requests in the batch.", of, each.figures().running())
          .gauge("banyan_requests_waiting", "Requests that wait.", of, each.figures().waiting())
          .gauge("banyan_kv_used_ratio", "Share of KV memory in use.", of, used)
          .gauge("banyan_kv_blocks", "KV memory in blocks.", of, blocks)
          .gauge("banyan_freeness", "Free blocks of KV memory per request.", of, load.freeness())
          .counter(
              "banyan_generated_tokens_total",
              "Tokens of answers.",
              of,
              each.figures().generatedTokens())
          .counter(
              "banyan_preemptions_total",
              "Requests that lost their memory.",
              of,
              each.figures().preemptions());
    }
    LiveCluster.Counts counts = cluster.counts();
    return page.counter("banyan_requests_total", "Answers asked for.", Map.of(), counts.requests())
        .counter("banyan_moves_total", "Requests that moved running.", Map.of(), counts.moves())
        .counter("banyan_replays_total", "Requests computed again.", Map.of(), counts.replayed())
        .counter("banyan_deaths_total", "Instances that died.", Map.of(), counts.died())
        .text();
  }
}
