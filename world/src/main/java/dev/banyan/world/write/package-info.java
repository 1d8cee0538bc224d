/** Writes a world to a folder of JSON lines. */
@NullMarked
package dev.banyan.world.write;

import org.jspecify.annotations.NullMarked;
