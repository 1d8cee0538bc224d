/** Operator orders, one file per method. */
@NullMarked
package dev.banyan.plan.order;

import org.jspecify.annotations.NullMarked;
