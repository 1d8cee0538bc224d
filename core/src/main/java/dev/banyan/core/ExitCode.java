package dev.banyan.core;

/** How a Banyan process ends. */
public enum ExitCode {
  /** What was asked for is done. */
  DONE(0),
  /** The work was done and the answer is no: a check failed, a difference was found. */
  NO(1),
  /** The user's input is wrong; nothing half-written is left behind. */
  BAD_INPUT(2),
  /** A thing that is needed is missing on this machine: a JDK, a program, a device. */
  MISSING(69),
  /** Our own bug. */
  BUG(70);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
