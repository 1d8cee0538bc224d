package dev.banyan.serve.load;

/**
 * When an answer was heard.
 *
 * @param first its first token, {@link System#nanoTime}
 * @param end of the answer
 * @param tokens that it had
 */
public record AnswerTimes(long first, long end, int tokens) {}
