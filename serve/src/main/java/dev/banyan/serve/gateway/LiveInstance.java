package dev.banyan.serve.gateway;

import dev.banyan.serve.policy.ClassCounts;
import dev.banyan.serve.policy.InstanceLoad;
import dev.banyan.serve.wire.EngineFigures;
import dev.banyan.serve.wire.Say;
import dev.banyan.serve.wire.Wire;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What the cluster knows of one instance: what it last said of itself, and what was sent to it
 * since. Used under the cluster's lock.
 */
final class LiveInstance {
  final Say.Ready ready;
  final Wire wire;
  final String address;

  /** When it last said anything, {@link System#nanoTime}. */
  final AtomicLong heard;

  /** Requests it had when it went silent. */
  final Set<Long> lost = new HashSet<>();

  boolean draining;

  /** Draining for good: it ends when it has nothing left. */
  boolean retiring;

  boolean moving;
  boolean stalled;
  EngineFigures figures = new EngineFigures(0, 0, 0, 0, 0, 0.01, 0, 0);

  /** Requests ever sent to it, and the blocks of those it has not reported yet. */
  private long sent;

  private final ArrayDeque<Integer> inFlight = new ArrayDeque<>();
  private int inFlightBlocks;
  private @Nullable InstanceLoad reported;

  LiveInstance(Say.Ready ready, Wire wire, String address, AtomicLong heard) {
    this.ready = ready;
    this.wire = wire;
    this.address = address;
    this.heard = heard;
  }

  /** Sends a request, which counts until a report that was written after it came. */
  void send(Say.Submit submit) {
    int tokens = submit.asked().prompt().length + submit.generated().length;
    int blocks = (tokens + ready.blockTokens()) / ready.blockTokens();
    sent++;
    inFlight.addLast(blocks);
    inFlightBlocks += blocks;
    wire.say(submit);
  }

  void reported(Say.Load now) {
    figures = now.figures();
    reported = now.load();
    while (!inFlight.isEmpty() && sent - inFlight.size() < reported.inFlight().dispatched()) {
      inFlightBlocks -= inFlight.removeFirst();
    }
  }

  /** As last reported, with what was sent since. */
  InstanceLoad load() {
    InstanceLoad load = reported == null ? idle() : reported;
    return new InstanceLoad(
        load.id(),
        load.memory(),
        load.batch(),
        load.queue(),
        new InstanceLoad.InFlight(inFlight.size(), inFlightBlocks, sent),
        load.pace(),
        new InstanceLoad.State(draining, moving, true));
  }

  /** One that has reported nothing yet. */
  private InstanceLoad idle() {
    return new InstanceLoad(
        ready.instance(),
        new InstanceLoad.Memory(ready.blocks(), ready.blocks(), 1, ready.blockTokens(), 0),
        new InstanceLoad.Batch(ClassCounts.NONE, 0),
        InstanceLoad.Queue.EMPTY,
        new InstanceLoad.InFlight(0, 0, 0),
        new InstanceLoad.Pace(0.01, 0.01, 0.001, 2e-6),
        new InstanceLoad.State(false, false, true));
  }
}
