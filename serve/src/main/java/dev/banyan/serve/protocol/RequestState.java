package dev.banyan.serve.protocol;

/**
 * What a request is beside its KV memory and what went ahead of that: enough to go on as if it had
 * never moved.
 *
 * @param tokens prompt and generated tokens so far
 * @param generated how many of them were generated; the number of the next token
 * @param blocks KV blocks that hold them
 * @param engineState whatever the engine needs besides (tokens since, and what was told of them),
 *     opaque
 */
public record RequestState(long tokens, int generated, int blocks, String engineState) {}
