/** Commands of the rooms weights and model. */
@NullMarked
package dev.banyan.cli.model;

import org.jspecify.annotations.NullMarked;
