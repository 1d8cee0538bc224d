/** {@code banyan cluster}: commands over the cluster room. */
@NullMarked
package dev.banyan.cli.cluster;

import org.jspecify.annotations.NullMarked;
