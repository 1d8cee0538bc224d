/**
 * The Jinja language as transformers' {@code apply_chat_template} allows it: source → tokens →
 * nodes → text. What a template can reach is what these classes hand it: no files, no classes, no
 * network, and a budget of steps.
 */
@NullMarked
package dev.banyan.model.template;

import org.jspecify.annotations.NullMarked;
