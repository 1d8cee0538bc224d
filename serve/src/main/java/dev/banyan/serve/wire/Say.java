package dev.banyan.serve.wire;

import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.protocol.Message;
import dev.banyan.serve.protocol.Migration;
import java.util.List;

/** Everything that is said over a {@link Wire}. */
public sealed interface Say {
  /** Gateway or engine to engine, first of all: who speaks. */
  record Hello(boolean gateway, int instance) implements Say {}

  /**
   * Engine to gateway: what it is.
   *
   * @param mostTokens prompt and answer together that fit its memory and the model's positions
   */
  record Ready(
      int instance,
      long process,
      String model,
      String mode,
      List<String> adapters,
      int blocks,
      int blockTokens,
      long blockBytes,
      int mostTokens,
      int vocabulary)
      implements Say {}

  /**
   * Gateway to engine: compute this.
   *
   * @param generated what the client already has, when the request comes from an instance that died
   * @param waitedSeconds since it came to the gateway
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Submit(
      long request,
      long epoch,
      TokenRequest asked,
      int[] generated,
      int moves,
      double waitedSeconds)
      implements Say {}

  /** Gateway to engine: forget this. */
  record Cancel(long request) implements Say {}

  /**
   * Gateway to engine: give a request to another instance.
   *
   * @param request which one; 0 lets the source's policy choose
   * @param attempt number that no other attempt has
   * @param address where the destination listens
   */
  record Give(long request, long attempt, InstanceLoad destination, String address)
      implements Say {}

  /** Engine to gateway: a request without keys and values was given up in favour of another. */
  record Given(long request, int destination) implements Say {}

  /** How a move ended. */
  enum Ending {
    /** The destination has the request. */
    GONE,

    /** It stopped at the source, and goes on there. */
    KEPT,

    /** It never stopped at the source, or ended there. */
    ABORTED,

    /** There was none: no request was chosen, or it waited and was given away. */
    NOTHING
  }

  /**
   * Engine to gateway: a move ended.
   *
   * @param stoppedSeconds while it was in no batch at the source
   */
  record Moved(
      Migration migration, Ending ending, int blocks, double seconds, double stoppedSeconds)
      implements Say {}

  /** Engine to gateway: how loaded it is. */
  record Load(InstanceLoad load, EngineFigures figures) implements Say {}

  /** Gateway to engine: take no new requests from now on, or take them again. */
  record Drain(boolean draining) implements Say {}

  /** Engine to gateway, from time to time: the process runs, even when a step takes long. */
  record Alive() implements Say {}

  /** Gateway to engine: end. */
  record Stop() implements Say {}

  /** Engine to gateway: tokens of one step. */
  record Tokens(List<Token> tokens) implements Say {}

  /** Engine to gateway: the probabilities of a prompt's tokens; the first has none. */
  record Prompt(long request, List<Token> tokens) implements Say {}

  /** What the sides of a migration say. */
  record Protocol(Message message) implements Say {}

  /** Source to destination, before the first blocks: what comes. */
  record Coming(Migration migration, Portable request) implements Say {}

  /**
   * Source to destination: a block's bytes came.
   *
   * @param received checksum of the bytes as they came; {@code sent} as they were sent
   */
  record BlockCame(Migration migration, int stage, int index, long received, long sent)
      implements Say {}
}
