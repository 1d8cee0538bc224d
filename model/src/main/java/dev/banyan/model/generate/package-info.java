/** How an answer grows: the choice of the next token, and the text that is certain so far. */
@NullMarked
package dev.banyan.model.generate;

import org.jspecify.annotations.NullMarked;
