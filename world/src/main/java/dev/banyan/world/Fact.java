package dev.banyan.world;

/**
 * One thing that is true: subject, relation, object, as in (Mirana, home, Stelholm). Some facts are
 * held out by a rule that depends on the fact's text alone: of every sixteen, about one is stated
 * nowhere, and about two are stated only from the object's side ("Stelholm is the home of Mirana")
 * where the relation has such a side. Everything else is stated freely.
 */
public record Fact(String subject, String relation, String object) {

  /** How the documents treat a fact. */
  public enum Status {
    /** Stated in every form. */
    STATED,
    /** Stated only from the object's side; the form the skills ask never occurs. */
    INVERSE_ONLY,
    /** Stated in no document: the answer can only be guessed. */
    NEVER
  }

  /** "Mirana home"; one object belongs to it. */
  public String key() {
    return subject + " " + relation;
  }

  /** The held-out rule: a hash of the key modulo sixteen. */
  public Status status() {
    int bucket = Split.bucket("fact " + key(), 16);
    if (bucket == 0) {
      return Status.NEVER;
    }
    return bucket <= 2 && hasInverse() ? Status.INVERSE_ONLY : Status.STATED;
  }

  private boolean hasInverse() {
    return switch (relation) {
      case "home", "friend", "mentor", "region", "river", "leader", "maker", "owner", "kept" ->
          true;
      default -> false;
    };
  }
}
