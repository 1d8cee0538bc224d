package dev.banyan.cluster.diagnose;

/**
 * How one rank went through the operations of a group in one window.
 *
 * @param group for people
 * @param gapSeconds mean time outside operations, before each of them
 * @param insideSeconds mean time inside an operation, which is mostly waiting for others
 * @param typicalGap median gap of the comparable ranks, or of the rank's own healthy windows
 * @param typicalInside median time inside of the comparable ranks
 * @param late whether it came late, and waited least, in this window
 * @param slow whether it did so in three of the last five windows, this one among them
 * @param own whether {@code typicalGap} is the rank's own past
 */
record Pace(
    int rank,
    String group,
    double gapSeconds,
    double insideSeconds,
    double typicalGap,
    double typicalInside,
    boolean late,
    boolean slow,
    boolean own) {}
