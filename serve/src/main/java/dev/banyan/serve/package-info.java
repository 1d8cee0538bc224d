/**
 * Serving over many instances: the policies that decide, a simulator that tries them on traces, and
 * the protocol that moves running requests.
 */
@NullMarked
package dev.banyan.serve;

import org.jspecify.annotations.NullMarked;
