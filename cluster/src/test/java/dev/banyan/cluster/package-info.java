@NullMarked
package dev.banyan.cluster;

import org.jspecify.annotations.NullMarked;
