/** Arms trained from the same data and seeds. */
@NullMarked
package dev.banyan.grow.prove;

import org.jspecify.annotations.NullMarked;
