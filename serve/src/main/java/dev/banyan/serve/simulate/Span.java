package dev.banyan.serve.simulate;

/** A request's stay on an instance, from its arrival there to its end or its move. */
public record Span(
    int request, int instance, double fromSeconds, double toSeconds, int generatedTokens) {}
