/** XLA's HLO modules, as protobuf or text, with XLA's own schedule and buffer assignment. */
@NullMarked
package dev.banyan.plan.read.hlo;

import org.jspecify.annotations.NullMarked;
