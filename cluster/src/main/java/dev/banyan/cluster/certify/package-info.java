/** Upper bounds on what any routing can do. */
@NullMarked
package dev.banyan.cluster.certify;

import org.jspecify.annotations.NullMarked;
