package dev.banyan.train;

/** Another rank of the same run is gone; its message names it. The run can be started again. */
public final class RankLostException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public RankLostException(String message) {
    super(message);
  }
}
