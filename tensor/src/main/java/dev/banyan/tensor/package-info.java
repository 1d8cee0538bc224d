@NullMarked
package dev.banyan.tensor;

import org.jspecify.annotations.NullMarked;
