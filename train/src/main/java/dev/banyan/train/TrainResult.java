package dev.banyan.train;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How a run ended.
 *
 * @param model the finished model; the last good checkpoint when it was stopped, the run's folder
 *     when there is none
 * @param steps optimizer steps of the whole run
 * @param resumedAt the step it went on from, 0 for a fresh run
 * @param loss smoothed nats per learned token at the end
 * @param learnedTokens tokens learned in the whole run
 * @param tokensPerSecond tokens through the model per second of this sitting, padding included; 0
 *     when nothing was left to do
 * @param seconds of this sitting
 * @param stopped why it was stopped before its end; empty when it came to it
 */
public record TrainResult(
    Path model,
    long parameters,
    long steps,
    long resumedAt,
    double loss,
    long learnedTokens,
    double tokensPerSecond,
    double seconds,
    Optional<String> stopped) {}
