/** One optimizer step: shards, gradients, update, and the judgement whether a run still learns. */
@NullMarked
package dev.banyan.train.step;

import org.jspecify.annotations.NullMarked;
