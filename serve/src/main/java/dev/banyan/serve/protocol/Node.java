package dev.banyan.serve.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** An instance of the fault simulator: requests, memory, both sides of migrations. */
final class Node implements DestinationSide.Memory {
  static final int BLOCKS = 26;

  final int id;
  final Map<Long, Held> requests = new LinkedHashMap<>();
  final Map<Migration, SourceSide> leaving = new LinkedHashMap<>();
  final Map<Migration, DestinationSide> coming = new LinkedHashMap<>();

  /** Contents of blocks that came for a migration. */
  final Map<Migration, Map<Integer, Long>> received = new LinkedHashMap<>();

  boolean alive = true;
  double stalledUntil;
  double clockOffset;
  int free = BLOCKS;

  Node(int id) {
    this.id = id;
  }

  /** Migrations on their way in. */
  long open() {
    return coming.values().stream().filter(each -> !each.over()).count();
  }

  @Override
  public boolean reserve(int blocks, boolean first) {
    // The first reservation leaves a watermark; one migration at a time comes in.
    if ((first && (open() > 1 || free - blocks < 1)) || free < blocks) {
      return false;
    }
    free -= blocks;
    return true;
  }

  /** Forgets a request and gives its memory back. */
  void drop(Held held) {
    requests.remove(held.request);
    free += held.kv.length;
    held.kv = new long[0];
  }
}
