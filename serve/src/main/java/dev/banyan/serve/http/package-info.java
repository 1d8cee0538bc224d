/** HTTP with OpenAI's errors: connections, keys and limits, for any server of this room. */
@NullMarked
package dev.banyan.serve.http;

import org.jspecify.annotations.NullMarked;
