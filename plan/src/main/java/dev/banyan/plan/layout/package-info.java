/**
 * Where buffers lie: greedy placements, climbing, and exact search, each published method in a file
 * of its own beside {@link dev.banyan.plan.layout.Portfolio}, which is ours.
 */
@NullMarked
package dev.banyan.plan.layout;

import org.jspecify.annotations.NullMarked;
