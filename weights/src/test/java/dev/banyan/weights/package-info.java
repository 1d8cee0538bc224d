@NullMarked
package dev.banyan.weights;

import org.jspecify.annotations.NullMarked;
