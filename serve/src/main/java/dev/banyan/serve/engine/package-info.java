/** One engine: paged keys and values, continuous batching, one step at a time. */
@NullMarked
package dev.banyan.serve.engine;

import org.jspecify.annotations.NullMarked;
