/** Checks what a certificate's prices prove, apart from everything that plans or prices. */
@NullMarked
package dev.banyan.cluster.proof;

import org.jspecify.annotations.NullMarked;
