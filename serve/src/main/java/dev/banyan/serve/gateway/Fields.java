package dev.banyan.serve.gateway;

import dev.banyan.serve.http.HttpServer.BadRequestException;
import tools.jackson.databind.JsonNode;

/** Fields of a request's JSON; null counts as left out, and a wrong type is refused by name. */
final class Fields {
  private Fields() {}

  static boolean flag(JsonNode body, String key) throws BadRequestException {
    JsonNode node = body.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return false;
    }
    if (!node.isBoolean()) {
      throw new BadRequestException(400, "'" + key + "' must be true or false");
    }
    return node.booleanValue();
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
      throw new BadRequestException(
          400,
          "'%s' is %d, must be between %d and %d".formatted(key, node.intValue(), least, most));
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
