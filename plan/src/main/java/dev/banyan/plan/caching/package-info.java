/** PyTorch's caching allocator, simulated. */
@NullMarked
package dev.banyan.plan.caching;

import org.jspecify.annotations.NullMarked;
