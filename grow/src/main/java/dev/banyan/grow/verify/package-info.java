/** The reference forward pass in doubles and what it finds. */
@NullMarked
package dev.banyan.grow.verify;

import org.jspecify.annotations.NullMarked;
