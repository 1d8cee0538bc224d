package dev.banyan.world;

/** One turn of a conversation; the role is "user" or "assistant". */
public record Message(String role, String content) {}
