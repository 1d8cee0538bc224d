/**
 * Typed tensors, autograd, optimizers and threads over libtorch. No Bytedeco type leaves this
 * package: other rooms see {@link dev.banyan.tensor.Tensor}, {@link dev.banyan.tensor.Scope},
 * {@link dev.banyan.tensor.Guard} and {@link dev.banyan.tensor.AdamW}.
 */
@NullMarked
package dev.banyan.tensor;

import org.jspecify.annotations.NullMarked;
