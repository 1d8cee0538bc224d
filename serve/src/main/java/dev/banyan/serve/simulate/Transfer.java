package dev.banyan.serve.simulate;

/** A running request on its way from one engine to another. */
final class Transfer {
  final SimRequest request;
  final Engine source;
  final Engine destination;

  /** Preemptions when it began: one more means that what was copied is worthless. */
  final int preemptions;

  final double startedAt;
  int copiedTokens;
  int reservedBlocks;
  int stage;
  double stoppedAt = Double.NaN;
  boolean over;

  Transfer(SimRequest request, Engine source, Engine destination, double now) {
    this.request = request;
    this.source = source;
    this.destination = destination;
    this.preemptions = request.preemptions;
    this.startedAt = now;
  }

  boolean stillRuns() {
    boolean here = request.state == SimRequest.State.RUNNING || !Double.isNaN(stoppedAt);
    return here && !request.ended() && request.preemptions == preemptions;
  }
}
