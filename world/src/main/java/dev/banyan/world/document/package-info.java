/** One class per domain, each writing one document from one random stream. */
@NullMarked
package dev.banyan.world.document;

import org.jspecify.annotations.NullMarked;
