/** Commands of {@code banyan cluster}. */
@NullMarked
package dev.banyan.cli.cluster;

import org.jspecify.annotations.NullMarked;
