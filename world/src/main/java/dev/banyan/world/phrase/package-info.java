/** Templates with choices and slots, turned into sentences. */
@NullMarked
package dev.banyan.world.phrase;

import org.jspecify.annotations.NullMarked;
