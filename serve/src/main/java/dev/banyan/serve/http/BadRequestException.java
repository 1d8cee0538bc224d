package dev.banyan.serve.http;

import java.io.IOException;

/** A request that cannot be answered, with its status. */
public final class BadRequestException extends IOException {
  private static final long serialVersionUID = 1;
  public final int status;

  /** OpenAI's name for it; empty when it has none. */
  public final String code;

  public BadRequestException(int status, String message) {
    this(status, message, "");
  }

  public BadRequestException(int status, String message, String code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
