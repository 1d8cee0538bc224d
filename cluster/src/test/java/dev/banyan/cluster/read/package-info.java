@NullMarked
package dev.banyan.cluster.read;

import org.jspecify.annotations.NullMarked;
