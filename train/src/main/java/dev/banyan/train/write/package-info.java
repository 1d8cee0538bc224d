/** What a run leaves behind: metrics and TensorBoard event files. */
@NullMarked
package dev.banyan.train.write;

import org.jspecify.annotations.NullMarked;
