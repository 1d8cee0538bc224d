package dev.banyan.serve.protocol;

/**
 * What the sides of a migration say to each other. Every message names the migration it belongs to,
 * so one that comes late, twice or out of order is recognised.
 */
public sealed interface Message {
  /** The migration this belongs to. */
  Migration migration();

  /** Source to destination: set {@code blocks} aside for a stage. */
  record Reserve(Migration migration, int stage, int blocks) implements Message {}

  /** Destination to source: they are set aside, or they are not and nothing is held any more. */
  record Reserved(Migration migration, int stage, boolean granted) implements Message {}

  /** Source to destination: one block of KV memory, with the checksum of its bytes. */
  record Block(Migration migration, int stage, int index, long content, long checksum)
      implements Message {}

  /** Destination to source: everything of the stage came and every checksum held, or not. */
  record Copied(Migration migration, int stage, boolean intact) implements Message {}

  /**
   * Source to destination: what the request has become since what it is went ahead of its first
   * blocks; asks for the commit. Blocks of the last stage may still be on their way.
   */
  record Adopt(Migration migration, RequestState state) implements Message {}

  /** Destination to gateway: make me the owner, if {@code migration.epoch} is still current. */
  record Claim(Migration migration, int destination) implements Message {}

  /**
   * Gateway to destination: whether it owns the request now, from which epoch, and the first token
   * the client has not seen, from which the new owner tells again.
   */
  record Claimed(Migration migration, boolean granted, long epoch, int nextToken)
      implements Message {}

  /** Destination to source: it is mine now, or it will never be. */
  record Committed(Migration migration, boolean adopted) implements Message {}

  /** Source to gateway: who owns the request? Asked before resuming without an answer. */
  record Ask(Migration migration) implements Message {}

  /**
   * Gateway to source: the answer. When the source still owned it, the question moved the epoch on,
   * so that a claim on its way cannot succeed any more.
   */
  record Owner(Migration migration, boolean source, long epoch, int nextToken) implements Message {}

  /** Source to destination: forget it. */
  record Abort(Migration migration) implements Message {}
}
