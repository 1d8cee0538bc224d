@NullMarked
package dev.banyan.grow;

import org.jspecify.annotations.NullMarked;
