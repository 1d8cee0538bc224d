@NullMarked
package dev.banyan.plan.caching;

import org.jspecify.annotations.NullMarked;
