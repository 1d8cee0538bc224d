package dev.banyan.plan;

/**
 * What a plan is worth.
 *
 * @param persistentBytes parameters, optimizer state, inputs and constants, outside the arena
 * @param programOrderPeakBytes largest load when operators run in the order of the file
 * @param cachingAllocatorBytes what PyTorch's caching allocator would reserve for that order
 */
public record PlanFigures(
    int operators,
    int storages,
    long persistentBytes,
    long programOrderPeakBytes,
    long cachingAllocatorBytes,
    long peakBytes,
    long lowerBoundBytes,
    double orderGap,
    long arenaBytes,
    double fragmentation,
    double savedVersusCaching) {}
