/** The wire format of protocol buffers, read without generated classes. */
@NullMarked
package dev.banyan.plan.read.wire;

import org.jspecify.annotations.NullMarked;
