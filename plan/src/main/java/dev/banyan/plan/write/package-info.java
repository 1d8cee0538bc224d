/** Writes plans and the exporter's files. */
@NullMarked
package dev.banyan.plan.write;

import org.jspecify.annotations.NullMarked;
