/** Paths for queue pairs: the published ways and ours. */
@NullMarked
package dev.banyan.cluster.route;

import org.jspecify.annotations.NullMarked;
