/** What is done about a verdict: decisions that are pure, and the processes they are done to. */
@NullMarked
package dev.banyan.cluster.steer;

import org.jspecify.annotations.NullMarked;
