/** The fault lab: namespaces, ranks, faults and the score of what a diagnosis made of them. */
@NullMarked
package dev.banyan.cluster.lab;

import org.jspecify.annotations.NullMarked;
