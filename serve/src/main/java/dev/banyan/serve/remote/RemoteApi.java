package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.http.Doorkeeper;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.Exposition;
import dev.banyan.serve.http.HttpServer;
import dev.banyan.serve.http.OpenAiError;
import dev.banyan.serve.http.Routes;
import dev.banyan.serve.http.StatusPage;
import dev.banyan.serve.policy.InstanceLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the gateway answers itself, and what it asks its backends for. */
final class RemoteApi {
  /** Harmless questions that are passed on whole; what changes a server is not among them. */
  private static final Set<String> PASSED =
      Set.of("POST /tokenize", "POST /detokenize", "POST /apply-template", "GET /tokenizer_info");

  /** What a model is asked besides completions: passed on whole, and limited as they are. */
  private static final Set<String> COMPUTED =
      Set.of("POST /v1/embeddings", "POST /v1/rerank", "POST /v1/score");

  private static final Routes ROUTES =
      new Routes(
          Stream.of(
                  PASSED.stream(),
                  COMPUTED.stream(),
                  Stream.of(
                      "POST /v1/chat/completions",
                      "POST /v1/completions",
                      "GET /v1/models",
                      "GET /v1/models/",
                      "GET /",
                      "GET /health",
                      "GET /metrics",
                      "GET /status",
                      "POST /drain/",
                      "POST /resume/",
                      "POST /scale/"))
              .flatMap(each -> each)
              .collect(Collectors.toSet()));

  private static final int MOST_SHOWN = 512;

  private final Backends backends;
  private final Doorkeeper doorkeeper;
  private final boolean passesKeys;
  private final BooleanSupplier stopping;
  private final StatusPage page = new StatusPage();

  RemoteApi(
      Backends backends, Doorkeeper doorkeeper, boolean passesKeys, BooleanSupplier stopping) {
    this.backends = backends;
    this.doorkeeper = doorkeeper;
    this.passesKeys = passesKeys;
    this.stopping = stopping;
  }

  void answer(Exchange exchange) throws IOException {
    try {
      String what = exchange.method() + " " + exchange.path();
      if (what.equals("GET /")) {
        page.answer(exchange);
        return;
      }
      if (what.equals("GET /health")) {
        health(exchange);
        return;
      }
      Doorkeeper.Guest guest = doorkeeper.guest(exchange).orElse(null);
      if (guest != null) {
        route(exchange, guest);
      }
    } catch (BadRequestException e) {
      OpenAiError.answer(exchange, e.status, e.getMessage(), e.code);
    } catch (UserInputException e) {
      OpenAiError.answer(exchange, 400, e.getMessage(), "");
    } catch (RuntimeException e) {
      OpenAiError.answer(exchange, 500, "the server could not answer", "");
    }
  }

  private void route(Exchange exchange, Doorkeeper.Guest guest) throws IOException {
    String what = exchange.method() + " " + exchange.path();
    switch (what) {
      case "POST /v1/chat/completions", "POST /v1/completions" ->
          limited(exchange, guest, this::complete);
      case "GET /v1/models" ->
          Doorkeeper.json(exchange, Map.of("object", "list", "data", models()));
      case "GET /metrics" -> exchange.send(200, Exposition.TYPE, metrics());
      case "GET /status" -> Doorkeeper.json(exchange, status(guest.operates()));
      default -> {
        String name = exchange.pathAfter("/v1/models/");
        if (what.startsWith("GET /v1/models/") && backends.names().contains(name)) {
          Doorkeeper.json(exchange, model(name));
        } else if (what.startsWith("GET /v1/models/")) {
          String why = "the model '" + name + "' is not served here";
          throw new BadRequestException(404, why, "model_not_found");
        } else if (COMPUTED.contains(what)) {
          limited(exchange, guest, each -> passedOn(each).compute());
        } else if (PASSED.contains(what)) {
          passedOn(exchange).pass();
        } else if (what.startsWith("POST /scale/")) {
          throw new BadRequestException(
              400, "the servers behind this gateway run by themselves: it cannot scale them");
        } else if (!drained(exchange, guest)) {
          throw ROUTES.refusal(exchange);
        }
      }
    }
  }

  private void complete(Exchange exchange) throws IOException {
    AskedCompletion asked = AskedCompletion.of(exchange.path(), exchange.body());
    new RelayedCompletion(backends, exchange, asked, authorization(exchange)).run();
  }

  private void limited(Exchange exchange, Doorkeeper.Guest guest, HttpServer.Handler api)
      throws IOException {
    if (stopping.getAsBoolean()) {
      Doorkeeper.refuse(exchange, 503, "the server is stopping");
    } else {
      doorkeeper.complete(exchange, guest, backends.open(), api);
    }
  }

  private PassedOn passedOn(Exchange exchange) throws BadRequestException {
    return new PassedOn(backends, exchange, authorization(exchange));
  }

  /**
   * The client's key, for backends that look at it themselves.
   *
   * @throws BadRequestException when it could not be sent to them
   */
  private String authorization(Exchange exchange) throws BadRequestException {
    String key = passesKeys ? exchange.header("Authorization") : "";
    if (key.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t')) {
      throw new BadRequestException(400, "the header Authorization has a control character in it");
    }
    return key;
  }

  // ---- what it says itself

  private List<Object> models() {
    List<Object> models = new ArrayList<>();
    for (String each : backends.names()) {
      models.add(model(each));
    }
    return models;
  }

  private Object model(String name) {
    int most = Integer.MAX_VALUE;
    for (Backend backend : backends.all()) {
      int there = backends.model(backend, name).map(Backend.Model::mostTokens).orElse(0);
      most = there > 0 ? Math.min(most, there) : most;
    }
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("id", name);
    one.put("object", "model");
    one.put("created", 0);
    one.put("owned_by", "banyan");
    if (most < Integer.MAX_VALUE) {
      one.put("max_model_len", most);
    }
    return one;
  }

  private void health(Exchange exchange) throws IOException {
    if (stopping.getAsBoolean()) {
      Doorkeeper.refuse(exchange, 503, "the server is stopping");
      return;
    }
    int up = backends.up();
    Map<String, Object> health = new LinkedHashMap<>();
    health.put("status", up > 0 ? "ok" : "down");
    health.put("instances", up);
    health.put("mode", "remote");
    exchange.send(up > 0 ? 200 : 503, "application/json", Json.mapper().writeValueAsString(health));
  }

  private Object status(boolean operates) {
    List<Object> instances = new ArrayList<>();
    List<Object> requests = new ArrayList<>();
    for (Backend each : backends.all()) {
      InstanceLoad load = each.load();
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", each.id);
      one.put("url", each.url.toString());
      one.put("kind", each.kind.title());
      one.put("up", each.isUp());
      one.put("draining", each.isDraining());
      one.put("ours", each.ours());
      one.put("load", load);
      one.put(
          "figures",
          Map.of("running", load.batch().requests(), "waiting", load.queue().requests()));
      instances.add(one);
      for (Backend.Shown shown : each.shown(MOST_SHOWN - requests.size())) {
        requests.add(
            Map.of(
                "id", shown.id(),
                "instance", each.id,
                "tokens", shown.tokens(),
                "moves", shown.moves(),
                "priority", "NORMAL"));
      }
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("model", String.join(", ", backends.names()));
    all.put(
        "counts",
        Map.of(
            "requests", backends.requests(),
            "moves", backends.moves(),
            "requeued", 0,
            "replayed", backends.replays(),
            "slots", backends.slots.moves()));
    all.put("instances", instances);
    all.put("requests", requests);
    all.put("operates", operates);
    return all;
  }

  private String metrics() {
    var page = new Exposition();
    for (Backend each : backends.all()) {
      InstanceLoad load = each.load();
      Map<String, String> of = new LinkedHashMap<>();
      of.put("instance", Integer.toString(each.id));
      of.put("backend", each.url.toString());
      page.gauge("banyan_backend_up", "Whether it answers.", of, each.isUp() ? 1 : 0)
          .gauge("banyan_requests_running", "Requests in the batch.", of, load.batch().requests())
          .gauge("banyan_requests_waiting", "Requests that wait.", of, load.queue().requests());
      int total = load.memory().totalBlocks();
      if (total > 0) {
        double used = 1 - (double) load.memory().freeBlocks() / total;
        page.gauge("banyan_kv_used_ratio", "Share of KV memory in use.", of, used)
            .gauge("banyan_freeness", "Free blocks of KV memory per request.", of, load.freeness());
      }
    }
    Map<String, String> all = Map.of();
    return page.counter("banyan_requests_total", "Answers asked for.", all, backends.requests())
        .counter(
            "banyan_moves_total", "Answers that left a drained backend.", all, backends.moves())
        .counter("banyan_replays_total", "Answers that left a lost one.", all, backends.replays())
        .counter(
            "banyan_slot_moves_total",
            "Moves that took the saved slot of a llama.cpp along.",
            all,
            backends.slots.moves())
        .text();
  }

  private boolean drained(Exchange exchange, Doorkeeper.Guest guest) throws IOException {
    String[] parts = exchange.path().split("/");
    boolean drains = parts.length == 3 && parts[1].equals("drain");
    boolean resumes = parts.length == 3 && parts[1].equals("resume");
    if (!exchange.method().equals("POST") || (!drains && !resumes)) {
      return false;
    }
    if (!Doorkeeper.letsOperate(exchange, guest)) {
      return true;
    }
    int id;
    try {
      id = Integer.parseInt(parts[2]);
    } catch (NumberFormatException e) {
      throw new BadRequestException(400, "'" + parts[2] + "' is no number");
    }
    Backend backend =
        backends
            .drain(id, drains)
            .orElseThrow(() -> new BadRequestException(404, "there is no instance " + id));
    Doorkeeper.json(
        exchange, Map.of("instance", id, "draining", drains, "requests", backend.ours()));
    return true;
  }
}
