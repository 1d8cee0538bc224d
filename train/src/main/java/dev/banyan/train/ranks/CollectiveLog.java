package dev.banyan.train.ranks;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.EventLineWriter;
import dev.banyan.train.RankPlace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Event lines of a rank's collectives: when it entered and left each one, and once a second that it
 * lives. Entries leave in the order they came.
 */
final class CollectiveLog implements AutoCloseable {
  private static final String COMM = "world";

  private record Entered(long seq, CollectiveOp op, long bytes) {}

  private final int rank;
  private final Optional<EventLineWriter> lines;
  private final ArrayDeque<Entered> inside = new ArrayDeque<>();
  private long next;
  private volatile long step;

  private CollectiveLog(int rank, Optional<EventLineWriter> lines) {
    this.rank = rank;
    this.lines = lines;
  }

  static CollectiveLog of(RankPlace place) {
    Optional<EventLineWriter> lines =
        place
            .events()
            .map(
                file -> {
                  try {
                    return EventLineWriter.open(file);
                  } catch (IOException e) {
                    throw new UncheckedIOException(file + " cannot be written", e);
                  }
                });
    lines.ifPresent(
        to -> {
          to.hello(
              new EventLine.Hello(
                  host(),
                  place.rank(),
                  ProcessHandle.current().pid(),
                  place.world(),
                  System.nanoTime(),
                  System.currentTimeMillis() * 1_000_000));
          to.group(new EventLine.Group(COMM, IntStream.range(0, place.world()).boxed().toList()));
          to.flush();
        });
    return new CollectiveLog(place.rank(), lines);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  void step(long step) {
    this.step = step;
  }

  void enter(CollectiveOp op, long bytes) {
    var entered = new Entered(next++, op, bytes);
    inside.addLast(entered);
    tell(entered, EventKind.ENTER);
  }

  void leave() {
    tell(inside.removeFirst(), EventKind.LEAVE);
  }

  private void tell(Entered entered, EventKind what) {
    lines.ifPresent(
        to -> {
          to.event(
              System.nanoTime(),
              rank,
              COMM,
              entered.seq,
              entered.op,
              "gloo",
              entered.bytes,
              0,
              -1,
              EventLine.Direction.NONE,
              what);
          to.flush();
        });
  }

  void heartbeat() {
    lines.ifPresent(
        to -> {
          to.heartbeat(System.nanoTime(), rank, step);
          to.flush();
        });
  }

  @Override
  public void close() {
    lines.ifPresent(EventLineWriter::close);
  }
}
