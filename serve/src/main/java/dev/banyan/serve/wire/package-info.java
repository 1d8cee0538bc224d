/** What gateway and engines say to each other, as frames over a socket. */
@NullMarked
package dev.banyan.serve.wire;

import org.jspecify.annotations.NullMarked;
