/** How much of a month a job loses to failures. */
@NullMarked
package dev.banyan.cluster.month;

import org.jspecify.annotations.NullMarked;
