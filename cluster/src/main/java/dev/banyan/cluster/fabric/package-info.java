/** Reads topologies and jobs, and numbers the links and queue pairs of both. */
@NullMarked
package dev.banyan.cluster.fabric;

import org.jspecify.annotations.NullMarked;
