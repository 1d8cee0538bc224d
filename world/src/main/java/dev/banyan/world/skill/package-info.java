/** One class per group of instruction categories, each drawing exercises from a random stream. */
@NullMarked
package dev.banyan.world.skill;

import org.jspecify.annotations.NullMarked;
