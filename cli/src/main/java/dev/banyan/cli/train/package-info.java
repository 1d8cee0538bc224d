/** {@code banyan train} and {@code banyan evaluate}. */
@NullMarked
package dev.banyan.cli.train;

import org.jspecify.annotations.NullMarked;
