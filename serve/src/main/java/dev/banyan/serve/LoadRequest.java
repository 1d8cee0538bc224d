package dev.banyan.serve;

/**
 * One request of a load test.
 *
 * @param arrivalSeconds when it is sent, since the test began
 * @param prompt text; in a chat the user's message
 * @param outputTokens asked for at most
 */
public record LoadRequest(double arrivalSeconds, String prompt, int outputTokens) {}
