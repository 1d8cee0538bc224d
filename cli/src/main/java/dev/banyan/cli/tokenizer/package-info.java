/** {@code banyan tokenizer}: train one, and turn text into ids and back. */
@NullMarked
package dev.banyan.cli.tokenizer;

import org.jspecify.annotations.NullMarked;
