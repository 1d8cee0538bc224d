@NullMarked
package dev.banyan.weights.config;

import org.jspecify.annotations.NullMarked;
