package dev.banyan.cli.serve;

import dev.banyan.core.Json;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;

/** A page in a real chromium without a window, driven over the DevTools protocol. */
final class Browser implements AutoCloseable {
  private static final String NOT_RUN = "page tests NOT RUN: apt-get install chromium";
  private static final int ANSWER_SECONDS = 60;
  private static final int CONDITION_MILLIS = 45_000;

  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger next = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private String session = "";

  private Browser(Process process) throws Exception {
    this.process = process;
    String line = "";
    // what it says later goes nowhere; a full pipe would stop it, so it is read to its end
    var said = process.errorReader();
    while (!line.startsWith("DevTools listening on ")) {
      line = said.readLine();
      if (line == null) {
        throw new IOException("chromium ended before it listened");
      }
    }
    Thread.ofVirtual().start(() -> said.lines().forEach(unused -> {}));
    URI at = URI.create(line.substring("DevTools listening on ".length()));
    this.socket = http.newWebSocketBuilder().buildAsync(at, new Ear()).get();
  }

  /** Starts one; the test is skipped, and says so, where there is none. */
  static Browser open(Path folder) throws Exception {
    String program =
        Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
            .filter(each -> new File(each).canExecute())
            .findFirst()
            .orElse(null);
    if (program == null) {
      System.out.println(NOT_RUN);
      Assumptions.abort(NOT_RUN);
    }
    Path profile = Files.createTempDirectory(folder, "profile");
    var command = new ArrayList<>(List.of(String.valueOf(program), "--headless", "--no-sandbox"));
    command.addAll(List.of("--disable-gpu", "--hide-scrollbars", "--remote-debugging-port=0"));
    command.addAll(List.of("--no-first-run", "--user-data-dir=" + profile, "about:blank"));
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try {
      var browser = new Browser(process);
      browser.attach();
      return browser;
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private void attach() throws Exception {
    String target = "";
    for (JsonNode each : ask("Target.getTargets", Map.of()).path("targetInfos")) {
      target =
          each.path("type").asString().equals("page") ? each.path("targetId").asString() : target;
    }
    var attached = ask("Target.attachToTarget", Map.of("targetId", target, "flatten", true));
    session = attached.path("sessionId").asString();
    for (String domain : List.of("Page", "Runtime", "Log")) {
      ask(domain + ".enable", Map.of());
    }
  }

  /** Takes what the browser says: answers to whoever asked, complaints of pages to their list. */
  private final class Ear implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      message.append(part);
      if (last) {
        heard(Json.mapper().readTree(message.toString()));
        message.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      asked.values().forEach(each -> each.completeExceptionally(new IOException("it closed")));
      return CompletableFuture.completedFuture(null);
    }
  }

  private void heard(JsonNode message) {
    if (message.has("id")) {
      CompletableFuture<JsonNode> answer = asked.remove(message.path("id").asInt());
      if (answer == null) {
        return;
      }
      if (message.has("error")) {
        answer.completeExceptionally(new IOException(message.path("error").toString()));
      } else {
        answer.complete(message.path("result"));
      }
      return;
    }
    JsonNode told = message.path("params");
    switch (message.path("method").asString("")) {
      case "Runtime.exceptionThrown" -> complaints.add(told.path("exceptionDetails").toString());
      case "Runtime.consoleAPICalled" -> {
        if (List.of("error", "warning", "assert").contains(told.path("type").asString())) {
          complaints.add(told.path("args").toString());
        }
      }
      case "Log.entryAdded" -> {
        if (!List.of("verbose", "info").contains(told.path("entry").path("level").asString())) {
          complaints.add(told.path("entry").path("text").asString());
        }
      }
      default -> {}
    }
  }

  private JsonNode ask(String method, Map<String, Object> params) throws Exception {
    int id = next.incrementAndGet();
    var answer = new CompletableFuture<JsonNode>();
    asked.put(id, answer);
    var message = Json.mapper().createObjectNode();
    message.put("id", id).put("method", method);
    message.set("params", Json.mapper().valueToTree(params));
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    socket.sendText(Json.mapper().writeValueAsString(message), true).get();
    return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  /** What the console has had to complain of since it was asked last. */
  List<String> complaints() {
    List<String> all = List.copyOf(complaints);
    complaints.removeAll(all);
    return all;
  }

  /** Opens a page. */
  void open(String url) throws Exception {
    ask("Page.navigate", Map.of("url", url));
    until("document.readyState === 'complete' && location.href.startsWith('" + url + "')");
  }

  /** The window of a desktop, or that of a phone with two device pixels to one of the page. */
  void size(int width, int height, boolean phone) throws Exception {
    ask(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width", width, "height", height, "deviceScaleFactor", phone ? 2 : 1, "mobile", phone));
  }

  void dark(boolean dark) throws Exception {
    var feature = Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light");
    ask("Emulation.setEmulatedMedia", Map.of("features", List.of(feature)));
  }

  /** The value of an expression in the page; promises are waited for. */
  JsonNode value(String expression) throws Exception {
    JsonNode answer =
        ask(
            "Runtime.evaluate",
            Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
    if (answer.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + answer.path("exceptionDetails"));
    }
    return answer.path("result").path("value");
  }

  /** Waits until an expression holds in the page, which looks at it as often as it is drawn. */
  void until(String condition) throws Exception {
    String holds =
        """
        new Promise(done => {
          const end = performance.now() + %d;
          const look = () => {
            let holds = false;
            try { holds = (%s); } catch (e) { holds = false; }
            if (holds) done(true); else if (performance.now() > end) done(false); else setTimeout(look, 15);
          };
          look();
        })"""
            .formatted(CONDITION_MILLIS, condition);
    if (!value(holds).asBoolean(false)) {
      throw new AssertionError(
          "the page never had " + condition + "\n" + value("document.body.innerText").asString());
    }
  }

  /** Presses what a selector finds, where it lies, as a mouse does. */
  void click(String selector) throws Exception {
    String where =
        """
        (() => { const e = document.querySelector(%s); e.scrollIntoView({block: 'center'});
          const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
          return {x, y, free: e.contains(document.elementFromPoint(x, y))}; })()"""
            .formatted(Json.mapper().writeValueAsString(selector));
    JsonNode at = value(where);
    if (!at.path("free").asBoolean()) {
      throw new AssertionError(selector + " is covered or out of sight");
    }
    for (String event : List.of("mousePressed", "mouseReleased")) {
      ask(
          "Input.dispatchMouseEvent",
          Map.of(
              "type",
              event,
              "x",
              at.path("x").asDouble(),
              "y",
              at.path("y").asDouble(),
              "button",
              "left",
              "clickCount",
              1));
    }
  }

  /** Types into what a selector finds, in place of what was there, and presses Enter. */
  void enter(String selector, String text) throws Exception {
    String quoted = Json.mapper().writeValueAsString(selector);
    value("document.querySelector(%s).focus(); document.activeElement.select()".formatted(quoted));
    ask("Input.insertText", Map.of("text", text));
    for (String event : List.of("keyDown", "keyUp")) {
      ask(
          "Input.dispatchKeyEvent",
          Map.of("type", event, "key", "Enter", "text", "\r", "windowsVirtualKeyCode", 13));
    }
  }

  /** Writes what is seen as a PNG. */
  void picture(Path file) throws Exception {
    String image = ask("Page.captureScreenshot", Map.of("format", "png")).path("data").asString();
    Files.write(file, Base64.getDecoder().decode(image));
  }

  @Override
  public void close() throws Exception {
    try {
      session = "";
      ask("Browser.close", Map.of());
    } finally {
      socket.abort();
      http.shutdownNow();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
    }
  }
}
