package dev.banyan.serve.protocol;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Watches a schedule from outside and notes what must never happen: a token lost, twice, out of
 * order or wrong; two owners; a request that ends twice or not at all; memory that does not come
 * back.
 */
final class Witness {
  private final List<String> violations = new ArrayList<>();
  private final Map<Long, Integer> delivered = new HashMap<>();
  private final Map<List<Long>, Integer> ranUnder = new HashMap<>();
  private final Map<Long, Integer> ends = new HashMap<>();
  private final Set<Long> cancelled = new HashSet<>();
  private final Set<Long> hopeless = new HashSet<>();
  private final Set<List<Long>> suspected = new HashSet<>();
  private final Map<FaultPlan.Kind, Integer> happened = new EnumMap<>(FaultPlan.Kind.class);
  private int attempts;
  private int committed;
  private int kept;

  List<String> violations() {
    return violations;
  }

  Map<FaultPlan.Kind, Integer> troubles() {
    return happened;
  }

  int attempts() {
    return attempts;
  }

  int committed() {
    return committed;
  }

  int kept() {
    return kept;
  }

  void began(long request) {
    ends.put(request, 0);
  }

  void happened(FaultPlan.Kind kind) {
    happened.merge(kind, 1, Integer::sum);
  }

  void attempted() {
    attempts++;
  }

  void finished(SourceSide.State state) {
    committed += state == SourceSide.State.GONE ? 1 : 0;
    kept += state == SourceSide.State.KEPT ? 1 : 0;
  }

  void cancelled(long request) {
    cancelled.add(request);
  }

  void noInstanceLeft(long request) {
    hopeless.add(request);
  }

  void gatewayGone(Set<Long> requests) {
    hopeless.addAll(requests);
  }

  /** The gateway gave the request of a silent instance away: it may run there, fenced. */
  void suspected(long request, int instance) {
    suspected.add(List.of(request, (long) instance));
  }

  void stops(long request, int instance) {
    suspected.remove(List.of(request, (long) instance));
  }

  void runs(long request, long epoch, int instance) {
    Integer other = ranUnder.putIfAbsent(List.of(request, epoch), instance);
    if (other != null && other != instance) {
      violation(
          "request %d ran on %d and %d in epoch %d".formatted(request, other, instance, epoch));
    }
  }

  void delivered(long request, int number, long content, int instance, long epoch) {
    int expected = delivered.getOrDefault(request, 0);
    if (number != expected) {
      violation("request %d: token %d came, %d was next".formatted(request, number, expected));
    }
    if (content != Held.token(request, number)) {
      violation(
          "request %d: token %d from instance %d is wrong".formatted(request, number, instance));
    }
    delivered.put(request, number + 1);
    runs(request, epoch, instance);
  }

  void ended(long request) {
    ends.merge(request, 1, Integer::sum);
  }

  /** No instance decodes a request that somebody else was made owner of, unless it was silent. */
  void look(List<Node> nodes, Ownership ownership) {
    for (Node node : nodes) {
      if (!node.alive) {
        continue;
      }
      for (Held held : node.requests.values()) {
        Optional<Ownership.Owner> owner = ownership.owner(held.request);
        boolean stale =
            !held.stopped
                && held.kv.length > 0
                && owner.isPresent()
                && held.epoch < owner.get().epoch()
                && owner.get().instance() != node.id;
        if (stale && !suspected.contains(List.of(held.request, (long) node.id))) {
          violation(
              "request %d decodes on instance %d, instance %d owns it"
                  .formatted(held.request, node.id, owner.get().instance()));
        }
      }
    }
  }

  /** After everything has come to rest. */
  void quiet(List<Node> nodes, Ownership ownership, boolean gatewayAlive) {
    ends.forEach(
        (request, times) -> {
          if (gatewayAlive && times != 1) {
            violation("request %d ended %d times".formatted(request, times));
          }
        });
    if (gatewayAlive && !ownership.all().isEmpty()) {
      violation("%d requests still have an owner".formatted(ownership.all().size()));
    }
    for (Node node : nodes) {
      if (node.alive && node.free != Node.BLOCKS) {
        violation(
            "instance %d has %d of %d blocks free".formatted(node.id, node.free, Node.BLOCKS));
      }
      if (node.alive && !node.leaving.isEmpty()) {
        violation("instance %d still gives a request away".formatted(node.id));
      }
      if (node.alive && node.coming.values().stream().anyMatch(each -> !each.over())) {
        violation("instance %d still takes a request".formatted(node.id));
      }
    }
  }

  private void violation(String text) {
    if (violations.size() < 8) {
      violations.add(text);
    }
  }
}
