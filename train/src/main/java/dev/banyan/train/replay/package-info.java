/** Runs a traced step operator by operator in memory whose places were planned. */
@NullMarked
package dev.banyan.train.replay;

import org.jspecify.annotations.NullMarked;
