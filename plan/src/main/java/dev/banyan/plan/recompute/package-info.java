/** Running operators again instead of keeping what they made, where no order fits a budget. */
@NullMarked
package dev.banyan.plan.recompute;

import org.jspecify.annotations.NullMarked;
