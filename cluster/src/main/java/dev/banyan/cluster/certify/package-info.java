/** Upper bounds on what any routing can do, and the check of their certificates. */
@NullMarked
package dev.banyan.cluster.certify;

import org.jspecify.annotations.NullMarked;
