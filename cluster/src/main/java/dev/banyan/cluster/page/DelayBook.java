package dev.banyan.cluster.page;

import dev.banyan.cluster.ClusterSnapshot.Delays;
import dev.banyan.cluster.ClusterSnapshot.Edge;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine.Event;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** First byte to last byte of the newest transfers of every connection. */
public final class DelayBook {
  private static final int KEPT = 8;

  private final Map<Long, Connection> connections = new HashMap<>();

  private static final class Connection {
    private final double[] millis = new double[KEPT];
    private int count;
    private long firstNanos = Long.MIN_VALUE;
  }

  /** Takes a line; only the receiver's first and last bytes matter. */
  public void accept(Event event) {
    if (event.peer() < 0) {
      return;
    }
    long key = (long) event.peer() << 32 | event.rank();
    if (event.ev() == EventKind.FIRST) {
      connections.computeIfAbsent(key, x -> new Connection()).firstNanos = event.tNanos();
    } else if (event.ev() == EventKind.LAST) {
      Connection connection = connections.get(key);
      if (connection != null && connection.firstNanos != Long.MIN_VALUE) {
        double millis = (event.tNanos() - connection.firstNanos) / 1e6;
        connection.millis[connection.count++ % KEPT] = Math.max(0, millis);
        connection.firstNanos = Long.MIN_VALUE;
      }
    }
  }

  public boolean isEmpty() {
    return connections.values().stream().noneMatch(each -> each.count > 0);
  }

  /** The matrix of medians. */
  public Delays over(int ranks) {
    List<Edge> edges = new ArrayList<>();
    connections.forEach(
        (key, connection) -> {
          int kept = Math.min(KEPT, connection.count);
          if (kept > 0 && key >> 32 < ranks && key.intValue() < ranks) {
            double[] sorted = Arrays.copyOf(connection.millis, kept);
            Arrays.sort(sorted);
            edges.add(new Edge((int) (key >> 32), key.intValue(), sorted[kept / 2]));
          }
        });
    return Folding.delays(ranks, edges);
  }
}
