/** Training data: JSONL, text and HTML files as examples, one by one or by index. */
@NullMarked
package dev.banyan.train.read;

import org.jspecify.annotations.NullMarked;
