package dev.banyan.train;

import java.util.List;

/**
 * How a step ran.
 *
 * @param scalars results of one floating-point element, usually the loss, in the order of the graph
 * @param outKernels operators that wrote straight into their planned places
 * @param copied operators without such a kernel: run as functions, their results copied in
 * @param inPlace operators that only change what is there
 * @param untouched operators that only make room ({@code empty})
 * @param random operators that drew random numbers, each seeded by its own name
 * @param largestTemporaryBytes most bytes the results of one copied operator took outside the block
 * @param largestTemporary that operator's name, empty when there was none
 * @param blockBytes size of the block, 0 under separate allocations
 * @param liveBytes most bytes of temporaries live at once, each rounded up to the alignment
 * @param unknownConstants constants the graph does not hold and that were made up
 * @param seconds how long the operators took
 */
public record StepRun(
    List<Double> scalars,
    int outKernels,
    int copied,
    int inPlace,
    int untouched,
    int random,
    long largestTemporaryBytes,
    String largestTemporary,
    long blockBytes,
    long liveBytes,
    List<String> unknownConstants,
    double seconds) {
  public StepRun {
    scalars = List.copyOf(scalars);
    unknownConstants = List.copyOf(unknownConstants);
  }
}
