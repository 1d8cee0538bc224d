package dev.banyan.serve.http;

import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON object that a request's body is. A tree takes many times the bytes it is made of, so its
 * parts are counted before they are made. Measured on a heap of 1 GB: 8 MB of objects of a short
 * list each take 296 MB without that; within it an object of half a million names takes 80 MB,
 * which is the worst of fourteen shapes, and a million token ids take 21 MB. So the worst fits
 * eight times beside the {@link BodyRoom}.
 */
public final class JsonBody {
  /** Values, names and brackets: seven prompts of 131,072 token ids and what stands around them. */
  private static final int MOST_TOKENS = 1_000_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
                  .build())
          .build();
  private static final int MOST_ANSWERS = 1024;

  private JsonBody() {}

  /**
   * Reads a body.
   *
   * @throws BadRequestException with 400 when it is not UTF-8, no JSON object, or one of which the
   *     tree would be too large
   */
  public static ObjectNode read(byte[] bytes) throws BadRequestException {
    // JSON in UTF-16 or UTF-32 begins with zeros (RFC 4627, section 3), which UTF-8 never has
    for (int i = 0; i < Math.min(4, bytes.length); i++) {
      if (bytes[i] == 0) {
        throw new BadRequestException(400, "the body is JSON in another encoding than UTF-8");
      }
    }
    try {
      if (MAPPER.readTree(bytes) instanceof ObjectNode body) {
        return body;
      }
    } catch (StreamConstraintsException e) {
      throw new BadRequestException(
          400,
          String.format(
              Locale.ROOT,
              "the body is too much JSON: at most %,d values, names and brackets, %d levels, %d digits",
              MOST_TOKENS,
              StreamReadConstraints.DEFAULT_MAX_DEPTH,
              StreamReadConstraints.DEFAULT_MAX_NUM_LEN));
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
