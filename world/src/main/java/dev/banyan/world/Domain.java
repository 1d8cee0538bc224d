package dev.banyan.world;

import java.util.Locale;

/** The eight kinds of document, and of every hundred documents how many are of each. */
public enum Domain {
  ENCYCLOPAEDIA(24),
  STORIES(20),
  DIALOGUE(16),
  ARITHMETIC(10),
  CODE(8),
  PARALLEL(11),
  COMMONSENSE(8),
  PROTEIN(3);

  private final int share;

  Domain(int share) {
    this.share = share;
  }

  /** Documents of this domain per hundred, on average. */
  public int share() {
    return share;
  }

  /** The name in files: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
