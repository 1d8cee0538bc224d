package dev.banyan.serve.policy;

/**
 * A request as its own instance sees it.
 *
 * @param blocks KV blocks it holds, or would take while it waits
 * @param ownBlocks those of them no other request shares, which moving it sets free
 * @param tokens in those blocks
 * @param generated tokens generated so far
 * @param moves how often it moved between instances
 * @param kvHere whether it has KV memory here (it decodes), so that moving it means copying
 * @param settledSeconds since it came to this instance
 */
public record RequestView(
    long id,
    PriorityClass priority,
    int blocks,
    int ownBlocks,
    int tokens,
    int generated,
    int moves,
    boolean kvHere,
    double settledSeconds) {}
