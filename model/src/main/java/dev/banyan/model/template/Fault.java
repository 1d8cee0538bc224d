package dev.banyan.model.template;

/** Something is wrong in a template or in what it was given; knows where once a node has said. */
public final class Fault extends RuntimeException {
  static final int NOWHERE = -1;

  private final transient int at;
  private final transient boolean raised;

  private Fault(String message, int at, boolean raised) {
    super(message, null, false, false);
    this.at = at;
    this.raised = raised;
  }

  static Fault of(String message) {
    return new Fault(message, NOWHERE, false);
  }

  static Fault at(int at, String message) {
    return new Fault(message, at, false);
  }

  /** What the template itself says with {@code raise_exception}. */
  static Fault raised(String message) {
    return new Fault(message, NOWHERE, true);
  }

  /** The same at this place, unless a place is known. */
  Fault placed(int place) {
    return at == NOWHERE ? new Fault(text(), place, raised) : this;
  }

  /** What is wrong. */
  public String text() {
    return String.valueOf(getMessage());
  }

  /** Where in the template's source, in characters; negative when it is nowhere in particular. */
  public int at() {
    return at;
  }

  /** Whether the template said so itself with {@code raise_exception}. */
  public boolean isRaised() {
    return raised;
  }
}
