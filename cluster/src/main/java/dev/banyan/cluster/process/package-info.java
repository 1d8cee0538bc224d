/** Ranks of the fault lab: small processes that pass real bytes and tell what they do. */
@NullMarked
package dev.banyan.cluster.process;

import org.jspecify.annotations.NullMarked;
