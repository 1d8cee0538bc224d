/** Programs of {@code torch.export}, as {@code .pt2} archives hold them. */
@NullMarked
package dev.banyan.plan.read.export;

import org.jspecify.annotations.NullMarked;
