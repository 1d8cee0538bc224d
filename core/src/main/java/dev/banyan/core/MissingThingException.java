package dev.banyan.core;

/**
 * Something this machine lacks is needed: a program, a native library, a device. The message says
 * what, and how to get it. Ends a command with {@link ExitCode#MISSING}.
 */
public final class MissingThingException extends RuntimeException {
  public MissingThingException(String message) {
    super(message);
  }

  public MissingThingException(String message, Throwable cause) {
    super(message, cause);
  }
}
