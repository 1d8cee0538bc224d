/** Commands of the room {@code world}. */
@NullMarked
package dev.banyan.cli.world;

import org.jspecify.annotations.NullMarked;
