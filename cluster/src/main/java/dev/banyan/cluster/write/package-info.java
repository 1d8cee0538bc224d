/** Writes event lines. */
@NullMarked
package dev.banyan.cluster.write;

import org.jspecify.annotations.NullMarked;
