/** The knowledge graph behind every text: people, places, things, and the facts about them. */
@NullMarked
package dev.banyan.world.graph;

import org.jspecify.annotations.NullMarked;
