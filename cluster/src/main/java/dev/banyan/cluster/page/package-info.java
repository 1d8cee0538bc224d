/** The page that shows a cluster to people. */
@NullMarked
package dev.banyan.cluster.page;

import org.jspecify.annotations.NullMarked;
