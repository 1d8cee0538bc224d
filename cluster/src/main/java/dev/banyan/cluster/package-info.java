/** Finds the faulty part of a training cluster and plans the paths of its collective traffic. */
@NullMarked
package dev.banyan.cluster;

import org.jspecify.annotations.NullMarked;
