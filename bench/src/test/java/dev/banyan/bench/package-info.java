@NullMarked
package dev.banyan.bench;

import org.jspecify.annotations.NullMarked;
