@NullMarked
package dev.banyan.plan.read;

import org.jspecify.annotations.NullMarked;
