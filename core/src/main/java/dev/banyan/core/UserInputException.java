package dev.banyan.core;

/**
 * The user's input is wrong: a file, a flag, a line. The message is the one line the user reads, so
 * it says what is wrong, where (file, line, tensor, byte), what was expected and what to do. Ends a
 * command with {@link ExitCode#BAD_INPUT}.
 */
public final class UserInputException extends RuntimeException {
  public UserInputException(String message) {
    super(message);
  }

  public UserInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
