/** What every command stands on: the tree of nouns and verbs, shared flags, errors as one line. */
@NullMarked
package dev.banyan.cli.frame;

import org.jspecify.annotations.NullMarked;
