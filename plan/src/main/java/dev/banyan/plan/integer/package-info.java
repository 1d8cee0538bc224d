/** MODeL's integer programs, solved by CP-SAT. */
@NullMarked
package dev.banyan.plan.integer;

import org.jspecify.annotations.NullMarked;
