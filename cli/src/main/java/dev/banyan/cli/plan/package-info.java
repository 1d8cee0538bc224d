/** Commands of room plan. */
@NullMarked
package dev.banyan.cli.plan;

import org.jspecify.annotations.NullMarked;
