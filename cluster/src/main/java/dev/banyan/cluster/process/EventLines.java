package dev.banyan.cluster.process;

import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import dev.banyan.cluster.EventLine.Direction;
import dev.banyan.cluster.EventLineWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;

/** This rank's event lines, each handed to the system at once. */
final class EventLines implements AutoCloseable {
  private final EventLineWriter lines;
  private final int rank;
  private boolean closed;

  EventLines(Path path, RankJob job) throws IOException {
    this.lines = EventLineWriter.open(path);
    this.rank = job.rank();
    lines.hello(
        new EventLine.Hello(
            job.host(),
            rank,
            ProcessHandle.current().pid(),
            job.world(),
            System.nanoTime(),
            System.currentTimeMillis() * 1_000_000L));
    lines.group(
        new EventLine.Group(Operation.COMM, IntStream.range(0, job.world()).boxed().toList()));
    lines.flush();
  }

  synchronized void transfer(
      EventKind event, Operation operation, int peer, Direction direction, int bytes) {
    write(event, operation, bytes, peer, direction);
  }

  synchronized void enter(Operation operation) {
    write(EventKind.ENTER, operation, operation.bytes(), -1, Direction.NONE);
  }

  synchronized void leave(Operation operation) {
    write(EventKind.LEAVE, operation, operation.bytes(), -1, Direction.NONE);
  }

  synchronized void heartbeat(long step) {
    if (!closed) {
      lines.heartbeat(System.nanoTime(), rank, step);
      lines.flush();
    }
  }

  private void write(
      EventKind event, Operation operation, long bytes, int peer, Direction direction) {
    lines.event(
        System.nanoTime(),
        rank,
        Operation.COMM,
        operation.seq(),
        operation.op(),
        operation.algo(),
        bytes,
        0,
        peer,
        direction,
        event);
    lines.flush();
  }

  @Override
  public synchronized void close() {
    closed = true;
    lines.close();
  }
}
