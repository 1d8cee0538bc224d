/** How little memory any order can need. */
@NullMarked
package dev.banyan.plan.bound;

import org.jspecify.annotations.NullMarked;
