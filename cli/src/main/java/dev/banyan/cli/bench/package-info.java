/** {@code banyan bench}: measurements beside others. */
@NullMarked
package dev.banyan.cli.bench;

import org.jspecify.annotations.NullMarked;
