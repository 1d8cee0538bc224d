/** Max-min fair rates of flows, and what becomes of them when links fail. */
@NullMarked
package dev.banyan.cluster.simulate;

import org.jspecify.annotations.NullMarked;
