/** What every room shares: results, reports, progress, seeds, statistics, atomic files, errors. */
@NullMarked
package dev.banyan.core;

import org.jspecify.annotations.NullMarked;
