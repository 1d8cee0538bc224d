package dev.banyan.cluster.month;

/**
 * What breaks, how often, and how often one node is to blame: one month of a job of 4,096 GPUs with
 * 40 crashes, as published with C4 (arXiv 2406.04594).
 */
enum Kind {
  CUDA_ERROR(0.125, 1, true),
  ECC_OR_NVLINK(0.275, 1, true),
  NCCL_TIMEOUT(0.20, 0.75, false),
  ACK_TIMEOUT(0.275, 0.818, false),
  OTHER(0.125, 0.40, false);

  final double share;
  final double confined;

  /** Whether a process dies of it; else it hangs. */
  final boolean killsProcess;

  Kind(double share, double confined, boolean killsProcess) {
    this.share = share;
    this.confined = confined;
    this.killsProcess = killsProcess;
  }

  /** The kind at a place between 0 and 1. */
  static Kind at(double place) {
    double sum = 0;
    for (Kind kind : values()) {
      sum += kind.share;
      if (place < sum) {
        return kind;
      }
    }
    return OTHER;
  }
}
