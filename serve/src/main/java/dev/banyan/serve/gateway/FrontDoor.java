package dev.banyan.serve.gateway;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.http.Doorkeeper;
import dev.banyan.serve.http.Exchange;
import dev.banyan.serve.http.StatusPage;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** What is answered to whom; the page; draining and scaling. */
final class FrontDoor {
  private static final Set<String> OPERATIONS = Set.of("drain", "resume", "scale");

  private final OpenAi api;
  private final Server server;
  private final LiveCluster cluster;
  private final Doorkeeper doorkeeper;
  private final StatusPage page = new StatusPage();

  FrontDoor(OpenAi api, Server server, LiveCluster cluster, Doorkeeper doorkeeper) {
    this.api = api;
    this.server = server;
    this.cluster = cluster;
    this.doorkeeper = doorkeeper;
  }

  void answer(Exchange exchange) throws IOException {
    String what = exchange.method() + " " + exchange.path();
    switch (what) {
      case "GET /" -> page.answer(exchange);
      case "GET /health" -> {
        if (server.isStopping()) {
          Doorkeeper.refuse(exchange, 503, "the server is stopping");
        } else {
          api.answer(exchange);
        }
      }
      default -> {
        Doorkeeper.Guest guest = doorkeeper.guest(exchange).orElse(null);
        if (guest != null) {
          admitted(exchange, what, guest);
        }
      }
    }
  }

  private void admitted(Exchange exchange, String what, Doorkeeper.Guest guest) throws IOException {
    if (exchange.method().equals("POST") && operate(exchange, guest)) {
      return;
    }
    boolean completes =
        what.equals("POST /v1/chat/completions") || what.equals("POST /v1/completions");
    if (what.equals("GET /status")) {
      Doorkeeper.json(exchange, api.status(guest.operates()));
    } else if (!completes) {
      api.answer(exchange);
    } else if (server.isStopping()) {
      Doorkeeper.refuse(exchange, 503, "the server is stopping");
    } else {
      doorkeeper.complete(exchange, guest, cluster.open(), api::answer);
    }
  }

  /** Draining and scaling; false when something else was asked for. */
  private boolean operate(Exchange exchange, Doorkeeper.Guest guest) throws IOException {
    String[] parts = exchange.path().split("/");
    if (parts.length != 3 || !OPERATIONS.contains(parts[1])) {
      return false;
    }
    if (!Doorkeeper.letsOperate(exchange, guest)) {
      return true;
    }
    try {
      switch (parts[1]) {
        case "drain", "resume" -> {
          int id = Integer.parseInt(parts[2]);
          boolean now = parts[1].equals("drain");
          if (!server.drain(id, now)) {
            Doorkeeper.refuse(exchange, 404, "there is no instance " + id);
          } else {
            Doorkeeper.json(
                exchange, Map.of("instance", id, "draining", now, "requests", server.owned(id)));
          }
        }
        case "scale" -> {
          int count = Integer.parseInt(parts[2]);
          try {
            server.scale(count);
          } catch (IOException e) {
            Doorkeeper.refuse(exchange, 503, "an instance could not be started: " + e.getMessage());
            return true;
          }
          Doorkeeper.json(exchange, Map.of("instances", cluster.taking()));
        }
        default -> throw new IllegalStateException(parts[1]);
      }
    } catch (NumberFormatException e) {
      Doorkeeper.refuse(exchange, 400, "'" + parts[2] + "' is no number");
    } catch (UserInputException e) {
      Doorkeeper.refuse(exchange, 400, e.getMessage());
    }
    return true;
  }
}
