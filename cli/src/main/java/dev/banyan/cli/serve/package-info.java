/** Commands of the room {@code serve}. */
@NullMarked
package dev.banyan.cli.serve;

import org.jspecify.annotations.NullMarked;
