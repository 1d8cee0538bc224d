/** Commands that watch a cluster and route its traffic. */
@NullMarked
package dev.banyan.cli.cluster;

import org.jspecify.annotations.NullMarked;
