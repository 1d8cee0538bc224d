package dev.banyan.cluster;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What the fault lab can do to a running job, and what a diagnosis should call it. */
public enum Fault {
  /** Nothing is done: an alarm is false. */
  NONE(Where.NOWHERE),
  /** Spinning processes on every core, so that all ranks suffer alike: an alarm is false. */
  NOISY_NEIGHBOUR(Where.NOWHERE),
  /** A token bucket on what a rank sends. */
  TX_SLOW(Where.NETWORK, Syndrome.COMMUNICATION_SLOW),
  /** A token bucket on what a rank receives. */
  RX_SLOW(Where.NETWORK, Syndrome.COMMUNICATION_SLOW),
  /** A rate limit on what a rank sends to one other. */
  LINK_SLOW(Where.NETWORK, Syndrome.COMMUNICATION_SLOW),
  /** A processor quota for one rank. */
  CPU_QUOTA(Where.PROCESSOR, Syndrome.NON_COMMUNICATION_SLOW),
  /** A rank sleeps longer in every step. */
  SLEEP(Where.PROGRAM, Syndrome.NON_COMMUNICATION_SLOW),
  /** SIGSTOP while the rank is in no operation. */
  STOP_BETWEEN(Where.SIGNAL, Syndrome.NON_COMMUNICATION_HANG),
  /** SIGSTOP while the rank has half of a message. */
  STOP_INSIDE(Where.SIGNAL, Syndrome.COMMUNICATION_HANG),
  /** A route that swallows what a rank sends to one other. */
  BLACKHOLE(Where.NETWORK, Syndrome.COMMUNICATION_HANG),
  /** A rank's port is down. */
  LINK_DOWN(Where.NETWORK, Syndrome.COMMUNICATION_HANG),
  /** SIGKILL. */
  KILL(Where.SIGNAL, Syndrome.PROCESS_LOSS),
  /** A rank leaves out one collective. */
  SKIP(Where.PROGRAM, Syndrome.MISMATCH),
  /** A rank enters one collective with half the bytes. */
  WRONG_SIZE(Where.PROGRAM, Syndrome.MISMATCH),
  /** Two ranks stopped between operations. */
  TWO_STOPPED(Where.SIGNAL, Syndrome.NON_COMMUNICATION_HANG),
  /** One rank sends slowly, another sleeps. */
  TWO_SLOW(Where.NETWORK, Syndrome.COMMUNICATION_SLOW, Syndrome.NON_COMMUNICATION_SLOW);

  /** What a fault is made with. */
  enum Where {
    NOWHERE,
    NETWORK,
    PROCESSOR,
    PROGRAM,
    SIGNAL
  }

  private final Where where;

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<Syndrome> syndromes;

  Fault(Where where, Syndrome... syndromes) {
    this.where = where;
    this.syndromes = List.of(syndromes);
  }

  /** The word on the command line, for example {@code tx-slow}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The fault of this word. */
  public static Optional<Fault> named(String word) {
    return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
  }

  /** What a diagnosis should say; two for two different faults, none where it should be silent. */
  public List<Syndrome> syndromes() {
    return syndromes;
  }

  /** Whether any alarm is false. */
  public boolean silent() {
    return syndromes.isEmpty();
  }

  /** Whether the job goes on, slowly. */
  public boolean slow() {
    return !silent() && syndromes.getFirst().isSlow();
  }

  /** Whether it is made with queues, routes and ports, which needs namespaces. */
  public boolean needsNetwork() {
    return where == Where.NETWORK;
  }

  /** Whether it needs a processor quota. */
  public boolean needsQuota() {
    return where == Where.PROCESSOR;
  }

  /** Whether the rank's own program does it when asked, so that it must know how. */
  public boolean needsProgram() {
    return where == Where.PROGRAM || this == TWO_SLOW;
  }

  /** Whether two ranks are at fault. */
  public boolean twofold() {
    return this == TWO_STOPPED || this == TWO_SLOW;
  }
}
