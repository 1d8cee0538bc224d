/** The step as plain arrays: what waits for what, and what lives how long. */
@NullMarked
package dev.banyan.plan.graph;

import org.jspecify.annotations.NullMarked;
