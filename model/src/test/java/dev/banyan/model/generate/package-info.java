@NullMarked
package dev.banyan.model.generate;

import org.jspecify.annotations.NullMarked;
