@NullMarked
package dev.banyan.train;

import org.jspecify.annotations.NullMarked;
