/** Growth of checkpoints: small dense to larger dense to mixture of experts. */
@NullMarked
package dev.banyan.grow;

import org.jspecify.annotations.NullMarked;
