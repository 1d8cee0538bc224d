package dev.banyan.serve.http;

import dev.banyan.core.Json;
import dev.banyan.serve.http.HttpServer.BadRequestException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object that a request's body is. */
public final class JsonBody {
  private static final int MOST_ANSWERS = 1024;

  private JsonBody() {}

  /**
   * Reads a body.
   *
   * @throws BadRequestException with 400 when it is not UTF-8 or no JSON object
   */
  public static ObjectNode read(byte[] bytes) throws BadRequestException {
    // JSON in UTF-16 or UTF-32 begins with zeros (RFC 4627, section 3), which UTF-8 never has
    for (int i = 0; i < Math.min(4, bytes.length); i++) {
      if (bytes[i] == 0) {
        throw new BadRequestException(400, "the body is JSON in another encoding than UTF-8");
      }
    }
    try {
      if (Json.mapper().readTree(bytes) instanceof ObjectNode body) {
        return body;
      }
    } catch (JacksonException e) {
      throw new BadRequestException(400, "the body is no JSON");
    }
    throw new BadRequestException(400, "the body is no JSON object");
  }

  /**
   * Bounds what one request asks for.
   *
   * @throws BadRequestException with 400 when it is more than a server answers at once
   */
  public static void requireFew(long answers) throws BadRequestException {
    if (answers > MOST_ANSWERS) {
      throw new BadRequestException(
          400, "at most " + MOST_ANSWERS + " answers can be asked for at once");
    }
  }
}
