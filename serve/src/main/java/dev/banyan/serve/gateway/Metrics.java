package dev.banyan.serve.gateway;

/** What Prometheus reads. */
record Metrics(LiveCluster cluster) {
  String text() {
    var text = new StringBuilder();
    for (LiveCluster.Shown each : cluster.shown()) {
      String of = "{instance=\"" + each.id() + "\"} ";
      double used =
          1 - (double) each.load().memory().freeBlocks() / each.load().memory().totalBlocks();
      text.append("banyan_requests_running")
          .append(of)
          .append(each.figures().running())
          .append('\n');
      text.append("banyan_requests_waiting")
          .append(of)
          .append(each.figures().waiting())
          .append('\n');
      text.append("banyan_kv_used_ratio").append(of).append(used).append('\n');
      text.append("banyan_kv_blocks")
          .append(of)
          .append(each.load().memory().totalBlocks())
          .append('\n');
      text.append("banyan_generated_tokens_total")
          .append(of)
          .append(each.figures().generatedTokens())
          .append('\n');
      text.append("banyan_preemptions_total")
          .append(of)
          .append(each.figures().preemptions())
          .append('\n');
    }
    LiveCluster.Counts counts = cluster.counts();
    text.append("banyan_requests_total ").append(counts.requests()).append('\n');
    text.append("banyan_moves_total ").append(counts.moves()).append('\n');
    text.append("banyan_replays_total ").append(counts.replayed()).append('\n');
    return text.toString();
  }
}
