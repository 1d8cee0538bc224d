/** Published ways to grow an axis, a stack of layers or a feed-forward layer, one file each. */
@NullMarked
package dev.banyan.grow.method;

import org.jspecify.annotations.NullMarked;
