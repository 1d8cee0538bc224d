/** Commands of room grow. */
@NullMarked
package dev.banyan.cli.grow;

import org.jspecify.annotations.NullMarked;
