/** Decides who is at fault; pure functions of what was read. */
@NullMarked
package dev.banyan.cluster.diagnose;

import org.jspecify.annotations.NullMarked;
