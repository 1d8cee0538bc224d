/** Follows files and streams while a job runs. */
@NullMarked
package dev.banyan.cluster.watch;

import org.jspecify.annotations.NullMarked;
