package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.net.URI;
import java.time.Duration;

/**
 * An OpenAI server to put load on, and how.
 *
 * @param url with or without {@code /v1}
 * @param key its API key, or nothing
 * @param model name of the model; empty for the first the server lists
 * @param chat whether {@code /chat/completions} is asked, otherwise {@code /completions}
 * @param mayEnd whether an answer may end before its length; otherwise {@code ignore_eos} is sent,
 *     which vLLM, SGLang, llama.cpp and Banyan know
 * @param patience a request fails when its answer has not ended this long after it was sent
 */
public record LoadTarget(
    String url, String key, String model, boolean chat, boolean mayEnd, Duration patience) {
  public LoadTarget {
    if (patience.isNegative() || patience.isZero()) {
      throw new UserInputException("--timeout is " + patience + ", must be above 0");
    }
  }

  /** Any model, completions of the asked length, ten minutes each. */
  public static LoadTarget of(String url) {
    return new LoadTarget(url, "", "", false, false, Duration.ofMinutes(10));
  }

  /** The same with chats, which end where the model ends them. */
  public LoadTarget chatting() {
    return new LoadTarget(url, key, model, true, true, patience);
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
    return uri;
  }
}
