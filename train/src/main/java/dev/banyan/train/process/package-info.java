/**
 * One rank as a process. {@code TrainRank} takes one JSON file ({@code RankJob}): the settings of
 * the run and the rank's place (rank, world, host and port of the store, prefix of this generation,
 * file for event lines). It goes on from the newest complete checkpoint in {@code out}, as any run.
 * It ends with 0 when the run is done, 1 when training stopped by itself, 2 for wrong input, and 76
 * when another rank was lost, each with one line on standard error; and when its standard input
 * ends, for then whoever started it is gone. Rank 0 tells its progress and result as JSON lines on
 * standard output.
 */
@NullMarked
package dev.banyan.train.process;

import org.jspecify.annotations.NullMarked;
