/**
 * The one transformer: every family, training and generation alike, is this decoder with other
 * data.
 */
@NullMarked
package dev.banyan.model.decoder;

import org.jspecify.annotations.NullMarked;
