package dev.banyan.cluster;

/**
 * A place that could not be understood; everything else was used.
 *
 * @param path file, or stream
 * @param offset bytes from its beginning
 * @param reason what was wrong there, and what was expected
 */
public record Unreadable(String path, long offset, String reason) {}
