package dev.banyan.serve.wire;

/**
 * What an engine counted since it began.
 *
 * @param prefixHitTokens prompt tokens that were not computed because another prompt began so
 */
public record EngineFigures(
    long steps,
    long promptTokens,
    long generatedTokens,
    long prefixHitTokens,
    long preemptions,
    double stepSeconds,
    int running,
    int waiting) {}
