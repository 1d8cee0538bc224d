@NullMarked
package dev.banyan.grow.rows;

import org.jspecify.annotations.NullMarked;
