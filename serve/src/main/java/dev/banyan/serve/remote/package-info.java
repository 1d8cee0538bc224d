/** Servers of others that already run, as instances: what they are, their load, replay. */
@NullMarked
package dev.banyan.serve.remote;

import org.jspecify.annotations.NullMarked;
