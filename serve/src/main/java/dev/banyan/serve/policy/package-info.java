/**
 * What decides: pure functions of snapshots, used by the simulator and by the live system alike.
 */
@NullMarked
package dev.banyan.serve.policy;

import org.jspecify.annotations.NullMarked;
