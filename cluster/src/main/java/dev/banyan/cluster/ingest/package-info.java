/** Brings what is read into the tables that are diagnosed: files, and streams while they grow. */
@NullMarked
package dev.banyan.cluster.ingest;

import org.jspecify.annotations.NullMarked;
