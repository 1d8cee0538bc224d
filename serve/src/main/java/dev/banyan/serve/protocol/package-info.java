/**
 * Migration of a running request as two state machines and an ownership epoch, and a simulator of
 * faults.
 */
@NullMarked
package dev.banyan.serve.protocol;

import org.jspecify.annotations.NullMarked;
