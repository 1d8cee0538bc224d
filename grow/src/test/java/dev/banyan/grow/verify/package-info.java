@NullMarked
package dev.banyan.grow.verify;

import org.jspecify.annotations.NullMarked;
