package dev.banyan.serve.protocol;

/**
 * One attempt to move one request.
 *
 * @param request id of the request
 * @param attempt number that no other attempt has, so that late messages of one miss the next
 * @param epoch of its ownership when the attempt began; a commit needs it to be current
 * @param source instance that owns it
 * @param destination instance that shall
 */
public record Migration(long request, long attempt, long epoch, int source, int destination) {}
