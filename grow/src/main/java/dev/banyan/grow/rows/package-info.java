/** Tensors as rows of stored numbers: read from files, or made by a recipe from other rows. */
@NullMarked
package dev.banyan.grow.rows;

import org.jspecify.annotations.NullMarked;
