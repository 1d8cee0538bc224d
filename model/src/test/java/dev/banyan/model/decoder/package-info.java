@NullMarked
package dev.banyan.model.decoder;

import org.jspecify.annotations.NullMarked;
