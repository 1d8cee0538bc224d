/** Which source port takes which path through a real fabric. */
@NullMarked
package dev.banyan.cluster.probe;

import org.jspecify.annotations.NullMarked;
