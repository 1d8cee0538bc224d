package dev.banyan.serve.protocol;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Who owns each request, kept by the gateway that also owns the client's stream. A token counts
 * only when it carries the current epoch and the next number, so whatever an instance believes, the
 * client sees each token once and in order. O(1) per call; not thread-safe.
 */
public final class Ownership {
  /**
   * The owner of a request.
   *
   * @param nextToken number of the first token the client has not seen
   * @param closed the migration whose claim this epoch shuts out
   */
  public record Owner(int instance, long epoch, int nextToken, Optional<Migration> closed) {}

  private final Map<Long, Owner> owners = new HashMap<>();

  /** A request was dispatched; its first epoch is 1. */
  public Owner begin(long request, int instance) {
    var owner = new Owner(instance, 1, 0, Optional.empty());
    if (owners.putIfAbsent(request, owner) != null) {
      throw new IllegalStateException("request " + request + " began twice");
    }
    return owner;
  }

  /** The owner of a request that has not ended. */
  public Optional<Owner> owner(long request) {
    return Optional.ofNullable(owners.get(request));
  }

  /**
   * Makes the destination the owner if the epoch is still the one the migration began with: a
   * compare-and-set. A destination whose claim was granted before is told so again.
   */
  public Message.Claimed claim(Message.Claim claim) {
    Migration migration = claim.migration();
    Owner now = owners.get(migration.request());
    if (now == null) {
      return new Message.Claimed(migration, false, 0, 0);
    }
    boolean again =
        now.epoch() == migration.epoch() + 1 && now.instance() == migration.destination();
    if (again) {
      return new Message.Claimed(migration, true, now.epoch(), now.nextToken());
    }
    if (now.epoch() != migration.epoch() || now.instance() != migration.source()) {
      return new Message.Claimed(migration, false, now.epoch(), now.nextToken());
    }
    var owner = new Owner(claim.destination(), now.epoch() + 1, now.nextToken(), Optional.empty());
    owners.put(migration.request(), owner);
    return new Message.Claimed(migration, true, owner.epoch(), owner.nextToken());
  }

  /**
   * A source asks whether it still owns a request. If it does, the epoch moves on by two, which
   * closes the door for the claim of this migration: {@code claim} would have moved it by one.
   */
  public Message.Owner ask(Message.Ask ask) {
    Migration migration = ask.migration();
    Owner now = owners.get(migration.request());
    if (now == null) {
      return new Message.Owner(migration, false, 0, 0);
    }
    if (now.epoch() == migration.epoch() && now.instance() == migration.source()) {
      now = new Owner(now.instance(), now.epoch() + 2, now.nextToken(), Optional.of(migration));
      owners.put(migration.request(), now);
    }
    // The same instance may own it anew, by replay: that is not what this source holds.
    boolean kept = now.closed().equals(Optional.of(migration));
    return new Message.Owner(migration, kept, now.epoch(), now.nextToken());
  }

  /** Gives a request of a dead instance to another; older epochs count no more. */
  public Owner replay(long request, int instance) {
    Owner now = owners.get(request);
    if (now == null) {
      throw new IllegalStateException("request " + request + " has ended");
    }
    var owner = new Owner(instance, now.epoch() + 2, now.nextToken(), Optional.empty());
    owners.put(request, owner);
    return owner;
  }

  /** Whether a token is delivered to the client; only the next one of the current epoch is. */
  public boolean accept(long request, long epoch, int number) {
    Owner now = owners.get(request);
    if (now == null || now.epoch() != epoch || now.nextToken() != number) {
      return false;
    }
    owners.put(request, new Owner(now.instance(), now.epoch(), number + 1, now.closed()));
    return true;
  }

  /**
   * Whether an instance must stop a request that it may still compute: it has ended, or belongs to
   * another instance. A gateway asks when an instance speaks again that was silent; the simulated
   * one also at each token that was not accepted, where an older epoch from the owner itself is no
   * reason: it was on its way while the owner asked, and the answer with the new epoch still is.
   */
  public boolean mustStop(long request, int instance) {
    Owner now = owners.get(request);
    return now == null || now.instance() != instance;
  }

  /** The request ended, by its last token, a cancellation or an error; false when it had before. */
  public boolean end(long request) {
    return owners.remove(request) != null;
  }

  /** Requests that have not ended. */
  public Map<Long, Owner> all() {
    return Map.copyOf(owners);
  }
}
