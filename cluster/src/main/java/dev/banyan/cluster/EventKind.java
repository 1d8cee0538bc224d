package dev.banyan.cluster;

import java.util.Locale;

/**
 * What an event line tells. {@code ENTER}, {@code LEAVE} and {@code HB} carry no peer; {@code
 * POST}, {@code FIRST} and {@code LAST} are written by the receiver of a transfer, {@code CREDIT}
 * and {@code SENT} by its sender. {@code HELLO} and {@code COMM} describe a file; {@code GONE} and
 * {@code STAT} are written by an agent or supervisor about a rank. The place in this list is the
 * number in binary files.
 */
public enum EventKind {
  /** Who writes: host, rank, process, world size and both clocks. */
  HELLO,
  /** The members of a communicator. */
  COMM,
  /** The rank entered a collective. */
  ENTER,
  /** The rank left a collective. */
  LEAVE,
  /** Heartbeat, once a second, with the training step. */
  HB,
  /** The receiver posted its buffer. */
  POST,
  /** The receiver has the first byte. */
  FIRST,
  /** The receiver has the last byte. */
  LAST,
  /** The sender may write: it knows that the receiver posted. */
  CREDIT,
  /** The sender has handed all bytes to the transport. */
  SENT,
  /** Proof that the rank's process has ended. */
  GONE,
  /** What {@code /proc/<pid>/stat} and {@code wchan} say. */
  STAT;

  private static final EventKind[] ALL = values();

  /** The word in JSON, for example {@code enter}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** How many kinds there are. */
  public static int count() {
    return ALL.length;
  }

  /** The kind of this number. */
  public static EventKind of(int number) {
    return ALL[number];
  }
}
