@NullMarked
package dev.banyan.cli.model;

import org.jspecify.annotations.NullMarked;
