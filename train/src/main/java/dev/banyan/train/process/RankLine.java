package dev.banyan.train.process;

import dev.banyan.train.TrainResult;
import org.jspecify.annotations.Nullable;

/**
 * What rank 0 tells whoever started it, one JSON object a line.
 *
 * @param step steps made
 * @param note beside it
 * @param result at the end
 */
public record RankLine(long step, String note, @Nullable TrainResult result) {}
