/** What of a run is on disk, and how a run goes on from it to the same bytes. */
@NullMarked
package dev.banyan.train.checkpoint;

import org.jspecify.annotations.NullMarked;
