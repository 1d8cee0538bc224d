@NullMarked
package dev.banyan.plan.check;

import org.jspecify.annotations.NullMarked;
