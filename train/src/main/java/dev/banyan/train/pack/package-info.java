/** The order of examples and how they fill rows of tokens. */
@NullMarked
package dev.banyan.train.pack;

import org.jspecify.annotations.NullMarked;
