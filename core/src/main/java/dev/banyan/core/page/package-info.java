/** How a report becomes HTML: escaping, style, axes, charts as SVG. */
@NullMarked
package dev.banyan.core.page;

import org.jspecify.annotations.NullMarked;
