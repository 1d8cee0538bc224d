/** Holds a plan against its graph. Shares nothing with what makes plans. */
@NullMarked
package dev.banyan.plan.check;

import org.jspecify.annotations.NullMarked;
