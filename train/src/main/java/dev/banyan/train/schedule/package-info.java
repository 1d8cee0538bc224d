/** Learning rates over the steps of a run. */
@NullMarked
package dev.banyan.train.schedule;

import org.jspecify.annotations.NullMarked;
