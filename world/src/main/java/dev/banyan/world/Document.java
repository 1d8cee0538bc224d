package dev.banyan.world;

/** One document: its domain, its text (lines end in '\n', none at the end), its index. */
public record Document(Domain domain, String text, long index) {}
