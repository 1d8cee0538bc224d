/** The constructed language: roots, endings, word order. */
@NullMarked
package dev.banyan.world.language;

import org.jspecify.annotations.NullMarked;
