/** What a model is measured with: n-grams, bits per byte, graded skills. */
@NullMarked
package dev.banyan.train.evaluate;

import org.jspecify.annotations.NullMarked;
