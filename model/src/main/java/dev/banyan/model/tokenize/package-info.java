/**
 * The steps behind tokenizers: splitting text, counting words, learning merges, the native part.
 */
@NullMarked
package dev.banyan.model.tokenize;

import org.jspecify.annotations.NullMarked;
