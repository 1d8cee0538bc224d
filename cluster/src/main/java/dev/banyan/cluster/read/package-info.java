/** Reads what collectives leave behind: every format, whole or broken. */
@NullMarked
package dev.banyan.cluster.read;

import org.jspecify.annotations.NullMarked;
