@NullMarked
package dev.banyan.world;

import org.jspecify.annotations.NullMarked;
