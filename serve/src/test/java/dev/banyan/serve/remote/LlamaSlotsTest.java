package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import dev.banyan.serve.RemoteGateway;
import dev.banyan.serve.RemoteSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Answers of llama.cpp on their way to another: with exact ids, and with the slot they ran in. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LlamaSlotsTest {
  private static final String TEXT = "/v1/completions";
  private static final String CHAT = "/v1/chat/completions";
  private static final String MORE = ",\"stream\":true,\"max_tokens\":24";

  private final HttpClient client = HttpClient.newHttpClient();

  private static FakeServer llama() throws IOException {
    return new FakeServer(Kind.LLAMA_CPP);
  }

  private static RemoteGateway before(FakeServer... servers) throws IOException {
    List<URI> urls = new ArrayList<>();
    for (FakeServer each : servers) {
      urls.add(each.url());
    }
    return RemoteGateway.open(RemoteSettings.of(urls, 0));
  }

  private static String body(String path, String more) {
    String what =
        path.equals(CHAT)
            ? "\"messages\":[{\"role\":\"user\",\"content\":\"tell me w7 of w12 and w13\"}]"
            : "\"prompt\":\"tell me w7 of w12 and w13\"";
    return "{%s,\"model\":\"tiny\"%s}".formatted(what, more);
  }

  private CompletableFuture<HttpResponse<String>> asked(URI server, String path, String body) {
    var request = HttpRequest.newBuilder(URI.create(server + path));
    return client.sendAsync(
        request.POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private String told(URI server, String path, String body) {
    return asked(server, path, body).join().body();
  }

  private static URI of(RemoteGateway gateway) {
    return URI.create("http://127.0.0.1:" + gateway.port());
  }

  private String got(RemoteGateway gateway, String path) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(of(gateway) + path)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private JsonNode status(RemoteGateway gateway) throws Exception {
    return Json.mapper().readTree(got(gateway, "/status"));
  }

  private JsonNode counts(RemoteGateway gateway) throws Exception {
    return status(gateway).path("counts");
  }

  /** The text of a stream, and how it ended. */
  private static String text(String all) {
    var text = new StringBuilder();
    for (String each : all.split("\n\n")) {
      if (!each.equals("data: [DONE]")) {
        for (JsonNode choice : Json.mapper().readTree(each.substring(6)).path("choices")) {
          text.append(choice.path("text").asString(""));
          text.append(choice.path("delta").path("content").asString(""));
          String finish = choice.path("finish_reason").asString("");
          text.append(finish.isEmpty() ? "" : "<" + finish + ">");
        }
      }
    }
    return text + (all.endsWith("data: [DONE]\n\n") ? "" : "<broken>");
  }

  /** What a client is told whose backend, the first, is drained after some tokens. */
  private String drained(RemoteGateway gateway, FakeServer source, String path, String body)
      throws Exception {
    var told = asked(of(gateway), path, body);
    source.reached.join();
    awaitTokens(gateway, 2);
    assertThat(gateway.drain(0)).isTrue();
    source.released.complete(null); // it is left at its next token
    return told.join().body();
  }

  /** What was sent is on its way to the gateway still, which forgets it when the sender dies. */
  private void awaitTokens(RemoteGateway gateway, int tokens) throws Exception {
    while (status(gateway).at("/requests/0/tokens").asInt(0) < tokens) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @CsvSource({TEXT + ", 3", TEXT + ", 9", CHAT + ", 3", CHAT + ", 9", CHAT + ", 14"})
  void aDrainedSlotGoesWithItsAnswer(String path, int after, @TempDir Path folder)
      throws Exception {
    try (var source = llama().savingTo(folder).holdingAfter(after).stoppingAfter(after + 3);
        var other = llama().savingTo(folder);
        var gateway = before(source, other)) {
      String all = drained(gateway, source, path, body(path, MORE));
      int computed = other.slots.computed.getFirst();
      assertThat(text(all)).isEqualTo(text(told(other.url(), path, body(path, MORE))));
      assertThat(computed).isLessThanOrEqualTo(3);
      assertThat(other.asked.getFirst().path("prompt").isArray()).isTrue();
      assertThat(other.asked.getFirst().has("id_slot")).isFalse();
      assertThat(source.slots.acts.getFirst()).matches("save \\d 200");
      assertThat(other.slots.acts).singleElement().asString().matches("restore \\d 200");
      assertThat(counts(gateway).path("moves").asInt()).isEqualTo(1);
      assertThat(counts(gateway).path("slots").asInt()).isEqualTo(1);
      assertThat(counts(gateway).path("replayed").asInt()).isZero();
      assertThat(got(gateway, "/metrics")).contains("\nbanyan_slot_moves_total 1");
      while (source.slots.acts.size() < 3) {
        Thread.onSpinWait();
      }
      assertThat(source.slots.acts.get(1)).matches("erase \\d 200");
      assertThat(source.slots.acts.get(2)).matches("save \\d 200");
      try (Stream<Path> files = Files.list(folder)) {
        assertThat(files.toList())
            .singleElement()
            .satisfies(each -> assertThat(each).hasContent("[]"));
      }
    }
  }

  /** What stands in the way of a slot. */
  enum Obstacle {
    NO_FOLDER,
    NO_FOLDER_THERE,
    TWO_FOLDERS,
    SAVE_REFUSED,
    RESTORE_REFUSED,
    SAVE_BREAKS,
    RESTORE_BREAKS,
    NONE_IDLE,
    TAKEN_BY_ANOTHER,
    ANOTHER_MODEL
  }

  @ParameterizedTest
  @EnumSource(Obstacle.class)
  void whereTheSlotCannotGoTheAnswerDoes(Obstacle obstacle, @TempDir Path folder) throws Exception {
    Path second = Files.createDirectory(folder.resolve("second"));
    for (String path : List.of(TEXT, CHAT)) {
      try (var source = llama().holdingAfter(5).stoppingAfter(7);
          var other = llama();
          var undisturbed = llama();
          var gateway = before(source, other)) {
        if (obstacle != Obstacle.NO_FOLDER) {
          source.savingTo(folder);
        }
        if (obstacle != Obstacle.NO_FOLDER && obstacle != Obstacle.NO_FOLDER_THERE) {
          other.savingTo(obstacle == Obstacle.TWO_FOLDERS ? second : folder);
        }
        switch (obstacle) {
          case SAVE_REFUSED -> source.slots.refusing("save");
          case RESTORE_REFUSED -> other.slots.refusing("restore");
          case SAVE_BREAKS -> source.slots.breakingOff("save");
          case RESTORE_BREAKS -> other.slots.breakingOff("restore");
          case NONE_IDLE -> other.slots.seemingBusy();
          case TAKEN_BY_ANOTHER -> source.slots.forgetting();
          case ANOTHER_MODEL -> other.larger(1);
          case NO_FOLDER, NO_FOLDER_THERE, TWO_FOLDERS -> {}
        }
        String all = drained(gateway, source, path, body(path, MORE));
        assertThat(text(all)).isEqualTo(text(told(undisturbed.url(), path, body(path, MORE))));
        List<Integer> asked = new ArrayList<>();
        other.asked.getFirst().path("prompt").forEach(each -> asked.add(each.asInt()));
        assertThat(asked).hasSizeGreaterThan(20).doesNotContain(IdReader.UNTOLD);
        assertThat(other.slots.computed).containsExactly(asked.size());
        assertThat(counts(gateway).path("moves").asInt()).isEqualTo(1);
        assertThat(counts(gateway).path("slots").asInt()).isZero();
      }
    }
  }

  @Test
  void filesThatArePlacedElsewhereByOthersAreNotKept(@TempDir Path folder) throws Exception {
    Path second = Files.createDirectory(folder.resolve("second"));
    try (var source = llama().savingTo(folder).holdingAfter(5).stoppingAfter(7);
        var other = llama().savingTo(second);
        var gateway = before(source, other)) {
      String name = InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9-]", "-");
      String file = "banyan-%s-%d-0".formatted(name, gateway.port());
      Files.writeString(second.resolve(file), "[1203,1116,1101]");
      String all = drained(gateway, source, TEXT, body(TEXT, MORE));
      assertThat(all).endsWith("data: [DONE]\n\n");
      assertThat(other.slots.acts)
          .satisfiesExactly(
              each -> assertThat(each).matches("restore \\d 200"),
              each -> assertThat(each).matches("erase \\d 200"));
      assertThat(counts(gateway).path("slots").asInt()).isZero();
    }
  }

  @Test
  void aConversationOfWhichATokenIsToldInPartIsNotLeft(@TempDir Path folder) throws Exception {
    try (var source = llama().savingTo(folder).grudging().holdingAfter(5);
        var other = llama().savingTo(folder);
        var gateway = before(source, other)) {
      String all = drained(gateway, source, CHAT, body(CHAT, MORE));
      assertThat(other.asked).isEmpty();
      assertThat(text(all)).isEqualTo(text(told(other.url(), CHAT, body(CHAT, MORE))));
    }
  }

  @Test
  void stopStringsGoWithTheSlot(@TempDir Path folder) throws Exception {
    for (String path : List.of(TEXT, CHAT)) {
      String body = body(path, MORE + ",\"stop\":\"4 w8\"");
      try (var source = llama().savingTo(folder).holdingAfter(5).stoppingAfter(7);
          var other = llama().savingTo(folder);
          var gateway = before(source, other)) {
        String all = drained(gateway, source, path, body);
        assertThat(text(all)).isEqualTo(text(told(other.url(), path, body)));
        assertThat(counts(gateway).path("slots").asInt()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TEXT, CHAT})
  void afterEveryTokenALostAnswerGoesOnWithExactIds(String path) throws Exception {
    String body = body(path, MORE);
    String whole;
    try (var undisturbed = llama()) {
      whole = text(told(undisturbed.url(), path, body));
    }
    assertThat(whole).contains("é"); // two tokens, of which llama.cpp tells the second
    int tokens = 0;
    for (int after = 1; after < 24 && tokens == after - 1; after++) {
      try (var dying = llama().dyingAfter(after);
          var other = llama();
          var gateway = before(dying, other)) {
        assertThat(text(told(of(gateway), path, body))).as("after %d", after).isEqualTo(whole);
        if (!other.asked.isEmpty()) {
          JsonNode prompt = other.asked.getFirst().path("prompt");
          boolean none = other.asked.getFirst().path("max_tokens").asInt() == 24;
          assertThat(prompt.isArray() || none).as("after %d", after).isTrue();
          assertThat(counts(gateway).path("replayed").asInt()).isEqualTo(1);
          tokens = after;
        }
      }
    }
    assertThat(tokens).isGreaterThan(9);
  }

  @Test
  void aServerThatKnowsNoneOfThisGoesOnWithText() throws Exception {
    for (String path : List.of(TEXT, CHAT)) {
      try (var dying = new FakeServer(Kind.LLAMA_CPP).old().stoppingAfter(9);
          var other = new FakeServer(Kind.LLAMA_CPP).old();
          var gateway = before(dying, other)) {
        String body = body(path, MORE);
        var told = asked(of(gateway), path, body);
        dying.reached.join();
        awaitTokens(gateway, 2);
        dying.close();
        assertThat(text(told.join().body())).isEqualTo(text(told(other.url(), path, body)));
        assertThat(other.asked.getFirst().path("prompt").asString(""))
            .as("%s", other.asked)
            .startsWith(path.equals(CHAT) ? "<user>tell me" : "tell me");
      }
    }
  }

  @Test
  void aDrainedServerThatTellsNoIdsEndsItsAnswers() throws Exception {
    try (var source = llama().old().holdingAfter(5);
        var other = llama();
        var gateway = before(source, other)) {
      String all = drained(gateway, source, CHAT, body(CHAT, MORE));
      assertThat(text(all)).isEqualTo(text(told(other.url(), CHAT, body(CHAT, MORE))));
      assertThat(other.asked).hasSize(1); // by this test
      assertThat(counts(gateway).path("moves").asInt()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",\"verbose\":true",
        ",\"n\":2",
        ",\"stream_options\":{\"include_usage\":true}"
      })
  void aClientSeesWhatItAskedForAndNoMore(String more) throws Exception {
    try (var server = llama();
        var gateway = before(server)) {
      for (String path : List.of(TEXT, CHAT)) {
        String direct = told(server.url(), path, body(path, MORE + more));
        assertThat(told(of(gateway), path, body(path, MORE + more))).isEqualTo(direct);
        assertThat(direct.contains("secret"))
            .isEqualTo(path.equals(TEXT) && more.contains("verbose"));
        assertThat(direct).contains("\"timings\"");
        JsonNode sent = server.asked.getLast();
        assertThat(sent.path("verbose").asBoolean(false))
            .isEqualTo(path.equals(TEXT) || more.contains("verbose"));
        assertThat(sent.path("n_probs").asInt(0)).isEqualTo(path.equals(CHAT) ? 1 : 0);
      }
    }
  }

  @Test
  void whatCouldNotGoOnAnywayIsAskedForAsItIs() throws Exception {
    try (var server = llama();
        var gateway = before(server)) {
      for (String each :
          List.of("\"tools\":[{}]", "\"response_format\":{\"type\":\"json_object\"}")) {
        String unused = told(of(gateway), CHAT, body(CHAT, MORE + "," + each));
        assertThat(server.asked.getLast().has("n_probs")).isFalse();
      }
      String unused = told(of(gateway), CHAT, body(CHAT, ",\"max_tokens\":3"));
      assertThat(server.asked.getLast().has("n_probs")).isFalse();
    }
  }

  @Test
  void anAnswerThatBeginsAnewInItsStreamHidesTheSame() throws Exception {
    String body = body(CHAT, MORE);
    try (var dying = llama().dyingAfter(0);
        var other = llama();
        var gateway = before(dying, other)) {
      String all = told(of(gateway), CHAT, body);
      assertThat(text(all)).isEqualTo(text(told(other.url(), CHAT, body)));
      assertThat(all).doesNotContain("\"prob\"").doesNotContain("predicted_n");
    }
  }
}
