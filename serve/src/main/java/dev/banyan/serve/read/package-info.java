/** Reads request traces in the formats of the field, and generates workloads. */
@NullMarked
package dev.banyan.serve.read;

import org.jspecify.annotations.NullMarked;
