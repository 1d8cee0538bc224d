package dev.banyan.serve.policy;

import java.util.List;
import java.util.Optional;

/**
 * Decides where requests go. Every method is a pure function of what it is handed, so a decision
 * taken in the simulator is the decision the live system takes on the same snapshot.
 */
public interface Policy {
  /** As typed. */
  String name();

  /** The id of the instance a new request goes to. {@code fleet} has at least one instance. */
  int dispatch(Arrival request, Fleet fleet);

  /**
   * Which instances should give a request to which; each instance at most once. O(instances · log
   * instances).
   */
  default List<Pairing> pair(Fleet fleet) {
    return List.of();
  }

  /** The source's own choice for a pairing; empty when nothing should move after all. */
  default Optional<Move> choose(SourceView source, InstanceLoad destination) {
    return Optional.empty();
  }

  /** Pairing happens after this many load reports per instance; 0 for never. */
  default int reportsPerRound() {
    return 0;
  }

  /** Whether requests of an instance that died are computed again elsewhere, or end. */
  default boolean replaysAfterFailure() {
    return false;
  }

  /** Whether an instance that is to go gives its requests to others, or waits for their end. */
  default boolean drainsByMoving() {
    return false;
  }

  /** The order in which an instance admits and preempts the classes. */
  default ClassOrder classOrder() {
    return ClassOrder.STRICT;
  }

  /** How an instance admits the requests of one class. */
  default Admission admission() {
    return Admission.FIRST_COME;
  }

  /** The auto-scaler this policy wants in place of the one asked for. */
  default Scaler scaling(Scaler asked) {
    return asked;
  }
}
