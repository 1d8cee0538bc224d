package dev.banyan.grow;

/**
 * What a run did.
 *
 * @param activeParameters parameters one token passes
 * @param bytesRead of the source, in this sitting
 * @param bytesWritten of weights, in this sitting
 * @param bytesResumed of weights that an earlier sitting had written
 * @param peakResidentBytes highest resident memory of the process; 0 where the system does not say
 * @param sha256 over the names and hashes of all tensors
 */
public record Grown(
    long sourceParameters,
    long targetParameters,
    long activeParameters,
    long bytesRead,
    long bytesWritten,
    long bytesResumed,
    double seconds,
    long peakResidentBytes,
    String sha256,
    Exactness exactness,
    boolean rounds) {}
