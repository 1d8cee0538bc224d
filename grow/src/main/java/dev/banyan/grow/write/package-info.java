/** A recipe to a model folder: row blocks to fixed offsets, resumable. */
@NullMarked
package dev.banyan.grow.write;

import org.jspecify.annotations.NullMarked;
