package dev.banyan.cluster.follow;

import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.read.EventCursor;

/** A diagnosis that is fed as records come. */
public interface Detector {
  /** Takes the line a cursor stands at; lines of one rank come in order. */
  void accept(EventCursor line);

  /** Takes what an agent saw. */
  void accept(EventLine line);

  /** What can be said now. */
  Findings at(long nowNanos);
}
