package dev.banyan.serve.remote;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.remote.PrometheusText.Sample;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Asks a server that runs what it is. */
final class Probe {
  /**
   * Answers of servers started without metrics: SGLang's 404, llama.cpp's 501; or that want another
   * key for them.
   */
  private static final Set<Integer> NOT_OFFERED = Set.of(401, 403, 404, 501);

  private Probe() {}

  /**
   * A backend, of the kind it says it is in {@code /v1/models}, or that its metrics are named
   * after, or that has slots.
   *
   * @param awaits whether one that does not answer yet, or has no models yet, is given as such
   * @throws UserInputException when nothing answers, no OpenAI server, or one that wants a key
   */
  static Backend backend(int id, URI address, BackendHttp line, boolean awaits) {
    URI url = base(address);
    HttpResponse<String> answer;
    try {
      answer = line.get(url, "/v1/models");
    } catch (IOException e) {
      if (awaits) {
        return Backend.awaited(id, url);
      }
      throw new UserInputException(
          "nothing answers at " + url + "; is the server running? --await waits for it", e);
    }
    if (answer.statusCode() == 401 || answer.statusCode() == 403) {
      throw new UserInputException(
          "%s answers %d: it wants a key, and --backend-key FILE was not given or holds another"
              .formatted(url, answer.statusCode()));
    }
    JsonNode listed = BackendHttp.json(answer).path("data");
    List<Backend.Model> models = new ArrayList<>();
    for (JsonNode each : listed) {
      int most = each.path("max_model_len").asInt(each.path("meta").path("n_ctx").asInt(0));
      models.add(new Backend.Model(each.path("id").asString(""), most));
    }
    if (answer.statusCode() != 200 || models.isEmpty()) {
      if (awaits) {
        return Backend.awaited(id, url);
      }
      throw new UserInputException(
          "%s answers %d to /v1/models and no list of models: it is no OpenAI server"
              .formatted(url, answer.statusCode()));
    }
    return new Backend(id, url, kind(listed, url, line), models);
  }

  /** Without the {@code /v1} and the slash that addresses of OpenAI servers often end with. */
  static URI base(URI address) {
    String scheme = address.getScheme();
    if (scheme == null || !scheme.matches("https?") || address.getHost() == null) {
      throw new UserInputException(
          "'" + address + "' is no address of a server; http://HOST:PORT is");
    }
    if (address.getPort() == 0 || address.getPort() > 0xffff) {
      throw new UserInputException(
          "'%s' has port %d, expected is 1 to 65535".formatted(address, address.getPort()));
    }
    return URI.create(address.toString().replaceFirst("/+$", "").replaceFirst("/v1$", ""));
  }

  private static Kind kind(JsonNode listed, URI url, BackendHttp line) {
    switch (listed.path(0).path("owned_by").asString("")) {
      case "vllm" -> {
        return Kind.VLLM;
      }
      case "sglang" -> {
        return Kind.SGLANG;
      }
      case "llamacpp" -> {
        return Kind.LLAMA_CPP;
      }
      case "banyan" -> {
        return Kind.BANYAN;
      }
      default -> {
        try {
          Optional<Kind> named = named(samples(line.get(url, "/metrics")));
          if (named.isPresent()) {
            return named.get();
          }
          HttpResponse<String> props = line.get(url, "/props");
          return props.statusCode() == 200 && BackendHttp.json(props).has("total_slots")
              ? Kind.LLAMA_CPP
              : Kind.OPENAI;
        } catch (IOException e) {
          return Kind.OPENAI;
        }
      }
    }
  }

  private static Optional<Kind> named(List<Sample> samples) {
    for (Sample each : samples) {
      String name = each.name();
      Kind kind =
          name.startsWith("vllm:")
              ? Kind.VLLM
              : name.startsWith("sglang:")
                  ? Kind.SGLANG
                  : name.startsWith("llamacpp:")
                      ? Kind.LLAMA_CPP
                      : name.startsWith("banyan_") ? Kind.BANYAN : Kind.OPENAI;
      if (kind != Kind.OPENAI) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  private static List<Sample> samples(HttpResponse<String> answer) {
    try {
      return answer.statusCode() == 200 ? PrometheusText.read(answer.body()) : List.of();
    } catch (UserInputException e) {
      return List.of();
    }
  }

  /**
   * Asks a backend how it is. Where it offers no metrics, its list of models says that it lives.
   *
   * @throws IOException when it does not answer, or not with 200
   */
  static void report(Backend backend, BackendHttp line) throws IOException {
    backend.asking();
    Optional<BackendLoad> report = Optional.empty();
    boolean offered = false;
    if (backend.kind != Kind.OPENAI) {
      HttpResponse<String> metrics = line.watch(backend.url, "/metrics");
      offered = !NOT_OFFERED.contains(metrics.statusCode());
      if (offered) {
        requireAnswer(metrics, "/metrics");
        report = BackendLoad.of(backend.kind, samples(metrics));
      }
    }
    if (!offered) {
      requireAnswer(line.watch(backend.url, "/v1/models"), "/v1/models");
    }
    if (backend.kind == Kind.LLAMA_CPP) {
      HttpResponse<String> slots = line.watch(backend.url, "/slots");
      if (slots.statusCode() == 200) {
        report = BackendLoad.withSlots(report, BackendHttp.json(slots));
      }
    }
    backend.reported(report);
  }

  private static void requireAnswer(HttpResponse<String> answer, String path) throws IOException {
    if (answer.statusCode() != 200) {
      throw new IOException(path + " answers " + answer.statusCode());
    }
  }
}
