/** An engine as a process of its own, and moving requests between two of them. */
@NullMarked
package dev.banyan.serve.process;

import org.jspecify.annotations.NullMarked;
