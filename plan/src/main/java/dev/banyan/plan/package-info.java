/** The operator order and memory layout of a step that need the least memory, with proof. */
@NullMarked
package dev.banyan.plan;

import org.jspecify.annotations.NullMarked;
