/** {@code banyan life}: one model's life as a recipe of commands. */
@NullMarked
package dev.banyan.cli.life;

import org.jspecify.annotations.NullMarked;
