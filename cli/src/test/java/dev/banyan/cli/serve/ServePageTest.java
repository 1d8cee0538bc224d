package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.ApiKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The page of a server, in a real browser, over real engines with requests that run. */
@Tag("page")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServePageTest {
  private static final String LONG =
      "{\"prompt\": \"a tree\", \"max_tokens\": 16000, \"ignore_eos\": true, \"stream\": true,"
          + " \"temperature\": 0}";
  private static final String FITS = "document.documentElement.scrollWidth <= innerWidth";
  private static final String RUNNING =
      "[...document.querySelectorAll('.requests i')]"
          + ".every(e => parseFloat(e.title.split(', ')[1]) > 20)";
  private static final String NO_SQUARE = "document.querySelectorAll('.requests i').length === 0";

  private Path folder;
  private Path model;
  private Browser browser;

  @BeforeAll
  void open(@TempDir Path files) throws Exception {
    folder = files;
    browser = Browser.open(folder);
    model = RunningServer.model(folder, 16_384);
  }

  @AfterAll
  void close() throws Exception {
    if (browser != null) {
      browser.close();
    }
  }

  @AfterEach
  void leave() throws Exception {
    browser.open("about:blank");
    browser.complaints();
  }

  @Test
  void requestsAreSeenToMoveWhenTheirInstanceIsDrained() throws Exception {
    try (var server = RunningServer.start(model, "--instances=2")) {
      browser.size(1280, 900, false);
      browser.open(at(server, "/"));
      browser.until("document.querySelectorAll('article').length === 2");
      browser.until("document.title === 'tiny' && $('key').hidden && !$('scale').hidden");
      try (var clients = new Clients(server, "", 6)) {
        browser.until(squares(0) + " > 0 && " + squares(1) + " > 0");
        browser.until(squares(0) + " + " + squares(1) + " === 6");
        browser.until("document.querySelector('article .bar div').offsetWidth > 0");
        browser.until(RUNNING);
        browser.value(
            """
            window.travelled = [];
            const animate = Element.prototype.animate;
            Element.prototype.animate = function (...way) {
              travelled.push(this);
              return animate.apply(this, way);
            };
            window.there = [...document.querySelectorAll('article[data-id="0"] i')];
            0""");
        browser.click("article[data-id='0'] button");
        browser.until(squares(0) + " === 0 && " + squares(1) + " === 6");
        browser.until(drains(0) + " && document.body.innerText.includes('instance 0 · draining')");
        assertThat(status(server).at("/instances/0/draining").asBoolean()).isTrue();
        // they are the same squares, they were seen to travel, and they are framed
        String each =
            "there.map(e => [travelled.includes(e), e.closest('article').dataset.id,"
                + " e.className].join(' '))";
        assertThat(browser.value(each).valueStream().map(JsonNode::asString))
            .isNotEmpty()
            .containsOnly("true 1 NORMAL moved");
        assertThat(status(server).at("/counts/moves").asInt()).isPositive();
        look("moved");

        browser.click("article[data-id='0'] button");
        browser.until("!" + drains(0));
        assertThat(status(server).at("/instances/0/draining").asBoolean()).isFalse();
        browser.click("#more");
        browser.until("$('more').disabled && $('size').textContent.includes('…')");
        browser.until("document.querySelectorAll('article').length === 3 && !$('more').disabled");
        assertThat(server.engines()).hasSize(3);
        browser.click("#less");
        browser.until("document.querySelectorAll('article').length === 2");
        browser.until("$('size').textContent === '2 instances'");
      }
      browser.until(NO_SQUARE);
    }
    browser.until("$('note').textContent === 'the server does not answer'");
    assertThat(browser.complaints()).allMatch(each -> each.contains("ERR_CONNECTION_REFUSED"));
  }

  @Test
  void onAPhoneItFitsAndNoButtonWorksWithoutAKey() throws Exception {
    Path keys = folder.resolve("keys.txt");
    ApiKeys.Fresh made = ApiKeys.make("alice", 0, 0, true);
    String key = made.key();
    ApiKeys.Fresh asking = ApiKeys.make("carol", 0, 0);
    Files.writeString(keys, made.line() + "\n" + asking.line() + "\n");
    try (var server = RunningServer.start(model, "--instances=1", "--keys=" + keys)) {
      browser.size(390, 844, true);
      browser.open(at(server, "/"));
      browser.until("$('note').textContent.includes('key is needed') && !$('key').hidden");
      String shown = "[...document.querySelectorAll('button')].filter(e => e.offsetWidth > 0)";
      assertThat(browser.value(shown + ".length").asInt()).isZero();
      assertThat(browser.value(FITS).asBoolean()).isTrue();
      look("no-key");
      for (String path : List.of("/drain/0", "/resume/0", "/scale/2")) {
        String asks = "ask('%s', 'POST').then(() => 200, e => e.status)".formatted(path);
        assertThat(browser.value(asks).asInt()).isEqualTo(401);
      }
      browser.enter("#key", "sk-wrong");
      browser.until("$('note').textContent.includes('not known here')");
      assertThat(browser.value(shown + ".length").asInt()).isZero();

      browser.enter("#key", asking.key());
      browser.until("document.querySelectorAll('article').length === 1");
      assertThat(browser.value(shown + ".length").asInt()).isZero();
      browser.enter("#key", key);
      browser.until(shown + ".length === 3 && $('note').textContent === ''");
      try (var clients = new Clients(server, key, 14)) {
        browser.until(squares(0) + " === 14");
        browser.until("parseFloat(document.querySelector('.bar div').style.width) > 5");
        assertThat(browser.value(FITS).asBoolean()).isTrue();
        look("key");
        // what is touched is no smaller than a finger
        String low = shown + ".every(e => Math.min(e.offsetWidth, e.offsetHeight) >= 40)";
        assertThat(browser.value(low).asBoolean()).isTrue();
        browser.click("article[data-id='0'] button");
        browser.until(drains(0));
        browser.click("article[data-id='0'] button");
        browser.until("!" + drains(0));
      }
      browser.until(NO_SQUARE);
      assertThat(browser.complaints()).isNotEmpty().allMatch(each -> each.contains("401"));
      // a key that is taken away closes the page again
      Files.writeString(keys, ApiKeys.make("bob", 0, 0).line() + "\n");
      browser.until("document.querySelectorAll('article').length === 0");
      assertThat(browser.complaints()).allMatch(each -> each.contains("401"));
      browser.value("sessionStorage.clear()");
    }
  }

  @Test
  void beforeServersThatAlreadyRunItShowsThemAndAnswersThatGoOnElsewhere() throws Exception {
    try (var first = RunningServer.start(model, "--instances=1");
        var second = RunningServer.start(model, "--instances=1");
        var gateway = RunningServer.before(first, second)) {
      browser.size(390, 844, true);
      browser.open(at(gateway, "/"));
      browser.until("document.querySelectorAll('article').length === 2");
      browser.until("document.body.innerText.includes('banyan, " + at(first, "") + "')");
      assertThat(browser.value("$('scale').hidden").asBoolean()).isTrue();
      try (var clients = new Clients(gateway, "", 4)) {
        browser.until(squares(0) + " === 2 && " + squares(1) + " === 2");
        browser.until("document.body.innerText.includes('2 running, 0 waiting, 2 of them')");
        browser.until(RUNNING);
        browser.click("article[data-id='0'] button");
        browser.until(squares(1) + " === 4 && " + drains(0));
        browser.until("document.querySelectorAll('article[data-id=\"1\"] i.moved').length === 2");
        browser.click("article[data-id='0'] button");
        browser.until("!" + drains(0));
        browser.until("document.body.innerText.includes('2 went on elsewhere when drained')");
        look("backends");
        second.close();
        browser.until(squares(0) + " === 4");
        browser.until("document.body.innerText.includes('backend 1 · down')");
        browser.until("document.body.innerText.includes('4 saved from backends that failed')");
        assertThat(browser.value(FITS).asBoolean()).isTrue();
        look("down");
      }
      browser.until(NO_SQUARE);
      assertThat(browser.complaints()).isEmpty();
    }
  }

  private static String squares(int instance) {
    return "document.querySelectorAll('article[data-id=\"" + instance + "\"] i').length";
  }

  private static String drains(int instance) {
    return "document.querySelector('article[data-id=\"%d\"]').matches('.draining')"
        .formatted(instance);
  }

  private static String at(RunningServer server, String path) {
    return "http://127.0.0.1:" + server.port + path;
  }

  private static JsonNode status(RunningServer server) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create(at(server, "/status"))).build();
      return Json.mapper()
          .readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
  }

  /** Pictures of the page as it is, for people: {@code cli/target/pages/NAME-light.png, -dark}. */
  private void look(String name) throws Exception {
    Path pictures = Files.createDirectories(Path.of("target", "pages"));
    for (boolean dark : new boolean[] {false, true}) {
      browser.dark(dark);
      browser.picture(pictures.resolve(name + (dark ? "-dark.png" : "-light.png")));
    }
  }

  /** Clients that ask for long streams and read them until they go away. */
  private static final class Clients implements AutoCloseable {
    private final HttpClient http = HttpClient.newHttpClient();

    Clients(RunningServer server, String key, int count) {
      var request =
          HttpRequest.newBuilder(URI.create(at(server, "/v1/completions")))
              .header("Authorization", "Bearer " + key)
              .POST(HttpRequest.BodyPublishers.ofString(LONG))
              .build();
      for (int i = 0; i < count; i++) {
        Thread.ofVirtual().start(() -> read(request));
      }
    }

    private void read(HttpRequest request) {
      try (InputStream in = http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
        in.transferTo(OutputStream.nullOutputStream());
      } catch (IOException e) {
        // it went away
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      http.shutdownNow();
    }
  }
}
