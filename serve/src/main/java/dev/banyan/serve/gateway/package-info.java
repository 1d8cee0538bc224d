/** The OpenAI server: connections, dispatch, streams, instances. */
@NullMarked
package dev.banyan.serve.gateway;

import org.jspecify.annotations.NullMarked;
