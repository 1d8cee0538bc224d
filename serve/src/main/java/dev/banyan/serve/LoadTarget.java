package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An OpenAI server to put load on, and how.
 *
 * @param url with or without {@code /v1}
 * @param key its API key, or nothing
 * @param model name of the model; empty for the first the server lists
 * @param chat whether {@code /chat/completions} is asked, otherwise {@code /completions}
 * @param mayEnd whether an answer may end before its length; otherwise {@code ignore_eos} is sent,
 *     which vLLM, SGLang, llama.cpp and Banyan know
 * @param fields more fields of each request's body, such as {@code logit_bias}; they win
 * @param patience a request fails when its answer has not ended this long after it was sent
 */
public record LoadTarget(
    String url,
    String key,
    String model,
    boolean chat,
    boolean mayEnd,
    Map<String, Object> fields,
    Duration patience) {
  public LoadTarget {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields)); // JSON has null
    key = ApiKeys.sendable("the key", key);
    if (patience.isNegative() || patience.isZero()) {
      throw new UserInputException(
          "the patience for an answer is " + patience + ", must be above 0");
    }
  }

  /** Any model, completions of the asked length, ten minutes each. */
  public static LoadTarget of(String url) {
    return new LoadTarget(url, "", "", false, false, Map.of(), Duration.ofMinutes(10));
  }

  /** The same with chats, which end where the model ends them. */
  public LoadTarget chatting() {
    return new LoadTarget(url, key, model, true, true, fields, patience);
  }

  /** The same with more fields in each request. */
  public LoadTarget with(Map<String, Object> more) {
    return new LoadTarget(url, key, model, chat, mayEnd, more, patience);
  }

  /**
   * An address below {@code /v1}.
   *
   * @throws UserInputException when the URL is none
   */
  public URI at(String path) {
    String base = url.replaceAll("/+$", "").replaceAll("/v1$", "");
    URI uri;
    try {
      uri = URI.create(base + "/v1" + path);
    } catch (IllegalArgumentException e) {
      throw new UserInputException(url + " is no address: " + e.getMessage(), e);
    }
    boolean web = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    if (!web || uri.getHost() == null) {
      throw new UserInputException(
          url + " is no address of a server; expected one like http://127.0.0.1:8000");
    }
    if (uri.getPort() == 0 || uri.getPort() > 0xffff) {
      throw new UserInputException(
          "%s has port %d, expected is 1 to 65535".formatted(url, uri.getPort()));
    }
    return uri;
  }
}
