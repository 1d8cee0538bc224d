/** Options to a recipe: which method does what to which tensor. */
@NullMarked
package dev.banyan.grow.recipe;

import org.jspecify.annotations.NullMarked;
