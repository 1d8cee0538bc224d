/** What the files of a PEFT adapter say, and the formulas of its method. */
@NullMarked
package dev.banyan.model.adapter;

import org.jspecify.annotations.NullMarked;
