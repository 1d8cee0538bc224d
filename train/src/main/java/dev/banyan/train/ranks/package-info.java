/** Several processes that train one model: gradients summed, lost ranks named. */
@NullMarked
package dev.banyan.train.ranks;

import org.jspecify.annotations.NullMarked;
