package dev.banyan.cluster.follow;

import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.read.EventCursor;
import java.util.List;

/** The diagnosis that also runs offline and in {@code watch}. */
public final class LiveDetector implements Detector {
  @Override
  public void accept(EventCursor line) {}

  @Override
  public void accept(EventLine line) {}

  @Override
  public Findings at(long nowNanos) {
    return new Findings(List.of(), List.of(), List.of(), List.of(), List.of(), 0, 0, 0);
  }
}
