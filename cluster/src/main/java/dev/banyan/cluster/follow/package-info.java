/** Follows running ranks: their event lines, their processes, and what a diagnosis says of both. */
@NullMarked
package dev.banyan.cluster.follow;

import org.jspecify.annotations.NullMarked;
