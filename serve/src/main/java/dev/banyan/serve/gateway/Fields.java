package dev.banyan.serve.gateway;

import dev.banyan.serve.http.BadRequestException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Fields of a request's JSON; null counts as left out, and a wrong type is refused by name. */
final class Fields {
  /** For an integer without an upper bound of its own. */
  static final int NO_MOST = Integer.MAX_VALUE;

  private Fields() {}

  static boolean flag(JsonNode body, String key) throws BadRequestException {
    return flag(body, key, false);
  }

  static boolean flag(JsonNode body, String key, boolean otherwise) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isBoolean()) {
      throw new BadRequestException(400, "'" + key + "' must be true or false");
    }
    return node.booleanValue();
  }

  /** An object; a missing node when it is left out. */
  static JsonNode object(JsonNode body, String key) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isNull()) {
      return MissingNode.getInstance();
    }
    if (!node.isMissingNode() && !node.isObject()) {
      throw new BadRequestException(400, "'" + key + "' must be an object");
    }
    return node;
  }

  static String text(JsonNode body, String key, String otherwise) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isString()) {
      throw new BadRequestException(400, "'" + key + "' must be text");
    }
    return node.stringValue();
  }

  static int integer(JsonNode body, String key, int otherwise, int least, int most)
      throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw new BadRequestException(400, "'" + key + "' must be a whole number");
    }
    if (node.intValue() < least || node.intValue() > most) {
      String bound =
          most == NO_MOST
              ? "at least %d".formatted(least)
              : "between %d and %d".formatted(least, most);
      throw new BadRequestException(
          400, "'%s' is %d, must be %s".formatted(key, node.intValue(), bound));
    }
    return node.intValue();
  }

  static double number(JsonNode body, String key, double otherwise) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isNumber()) {
      throw new BadRequestException(400, "'" + key + "' must be a number");
    }
    return node.doubleValue();
  }
}
