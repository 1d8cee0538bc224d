/** Work that a bench gives to processes of its own; each {@code main} takes one JSON file. */
@NullMarked
package dev.banyan.bench.process;

import org.jspecify.annotations.NullMarked;
