/** The command line: one list of commands, grouped by room, each thin. */
@NullMarked
package dev.banyan.cli;

import org.jspecify.annotations.NullMarked;
