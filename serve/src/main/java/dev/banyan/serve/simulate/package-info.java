/** A discrete-event simulator of engines, moves and scaling under any policy. */
@NullMarked
package dev.banyan.serve.simulate;

import org.jspecify.annotations.NullMarked;
