/** The client side of a load test: prompts, one streamed request, and when requests are sent. */
@NullMarked
package dev.banyan.serve.load;

import org.jspecify.annotations.NullMarked;
