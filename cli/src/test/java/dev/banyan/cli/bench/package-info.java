@NullMarked
package dev.banyan.cli.bench;

import org.jspecify.annotations.NullMarked;
