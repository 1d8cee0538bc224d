package dev.banyan.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.core.type.TypeReference;

/** Load on a server of this test's own, which knows what it was asked and what it answered. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class OpenLoopTest {
  private final HttpClient http = HttpClient.newHttpClient();
  private FakeOpenAi server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeOpenAi();
  }

  @AfterEach
  void stop() {
    server.close();
    http.close();
  }

  @Test
  void everyRequestOfTheWorkloadIsAskedOnceAndItsAnswerRead() {
    LoadTarget target = LoadTarget.of(server.url() + "/v1/").with(Map.of("temperature", 0.5));
    OpenLoop loop = OpenLoop.of(target, http);
    assertThat(loop.model()).isEqualTo("parrot");
    List<LoadRequest> requests = loop.requests(fast("21-6", 40), new Seed(4));
    server.asked.clear();
    LoadOutcome outcome = loop.run(requests, Progress.none());

    assertThat(server.asked.stream().map(FakeOpenAi::prompt))
        .containsExactlyInAnyOrderElementsOf(requests.stream().map(LoadRequest::prompt).toList());
    assertThat(outcome.answers()).hasSize(40);
    for (LoadAnswer each : outcome.answers()) {
      LoadRequest asked = requests.get(each.request());
      assertThat(each.text()).isEqualTo(FakeOpenAi.echo(asked.prompt(), 6));
      assertThat(each.arrivalSeconds()).isEqualTo(asked.arrivalSeconds());
      assertThat(each.promptTokens()).as("3 and 2 for each word").isEqualTo(21);
      assertThat(each.firstSeconds()).isBetween(0.0, each.seconds());
      assertThat(each.firstSeconds() + 5 * each.tokenSeconds())
          .isLessThanOrEqualTo(each.seconds() + 1e-9);
    }
    assertThat(outcome.failed()).isZero();
    assertThat(outcome.outputTokens()).isEqualTo(240);
    assertThat(outcome.promptTokens()).isEqualTo(840);
    assertThat(server.asked)
        .allSatisfy(
            body -> {
              assertThat(body.path("stream").asBoolean()).isTrue();
              assertThat(body.path("temperature").asDouble()).isEqualTo(0.5);
              assertThat(body.path("ignore_eos").asBoolean()).isTrue();
              assertThat(body.path("model").asString()).isEqualTo("parrot");
            });
  }

  /** A closed loop would wait for the first answer before it asked again, for ever. */
  @Test
  void aServerThatAnswersNobodyIsAskedOnAndItsLatencyCountsFromTheSchedule() {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    List<LoadRequest> requests = loop.requests(fast("8-2", 30), new Seed(1));
    var all = new CountDownLatch(30);
    server.behave(
        (asked, exchange) -> {
          all.countDown();
          all.await();
          FakeOpenAi.stream(asked, exchange);
        });
    LoadOutcome outcome = loop.run(requests, Progress.none());
    assertThat(outcome.answered()).isEqualTo(30);
    assertThat(outcome.mostOpen()).isEqualTo(30);
    double last = requests.getLast().arrivalSeconds();
    for (LoadAnswer each : outcome.answers()) {
      assertThat(each.firstSeconds()).isGreaterThanOrEqualTo(last - each.arrivalSeconds());
    }
  }

  @Test
  void whatTheGeneratorSendsLateCountsFromWhenItWasDue() {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    LoadOutcome outcome = loop.run(List.of(new LoadRequest(-5, "a b", 2)), Progress.none());
    LoadAnswer answer = outcome.answers().getFirst();
    assertThat(answer.lateSeconds()).isGreaterThanOrEqualTo(5);
    assertThat(answer.firstSeconds()).isGreaterThanOrEqualTo(answer.lateSeconds());
    assertThat(outcome.late().most()).isEqualTo(answer.lateSeconds());
  }

  @Test
  void failuresAreCountedByKindWithWhatWasSaidAndAreInNoPercentile() {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()).chatting(), http);
    server.behave(
        (asked, exchange) -> {
          switch (FakeOpenAi.prompt(asked)) {
            case "busy" ->
                FakeOpenAi.send(exchange, 429, "{\"error\": {\"message\": \"too many\"}}");
            case "broken" -> FakeOpenAi.send(exchange, 500, "<html>a\n stack</html>");
            case "cut" -> {
              OutputStream out = FakeOpenAi.open(exchange);
              FakeOpenAi.event(out, "data: " + FakeOpenAi.piece(asked, "half", ""));
              out.close();
            }
            case "sorry" -> {
              OutputStream out = FakeOpenAi.open(exchange);
              FakeOpenAi.event(out, "data: {\"error\": {\"message\": \"it died\"}}");
              FakeOpenAi.event(out, "data: [DONE]");
              out.close();
            }
            default -> FakeOpenAi.stream(asked, exchange);
          }
        });
    List<LoadRequest> requests =
        List.of("a", "busy", "cut", "broken", "busy", "b", "sorry").stream()
            .map(prompt -> new LoadRequest(0, prompt, 3))
            .toList();
    LoadOutcome outcome = loop.run(requests, Progress.none());
    assertThat(outcome.failures())
        .containsEntry("HTTP 429", 2)
        .containsEntry("HTTP 500", 1)
        .containsEntry("cut off", 1)
        .containsEntry("error in the stream", 1)
        .hasSize(4);
    assertThat(outcome.reason("HTTP 429")).isEqualTo("too many");
    assertThat(outcome.reason("HTTP 500")).isEqualTo("<html>a stack</html>");
    assertThat(outcome.reason("error in the stream")).isEqualTo("it died");
    assertThat(outcome.answered()).isEqualTo(2);
    assertThat(outcome.failed()).isEqualTo(5);
    assertThat(outcome.outputTokens()).isEqualTo(6);
    assertThat(outcome.values(LoadAnswer::seconds)).hasSize(2);
  }

  @Test
  void anAnswerThatNeverEndsFailsAfterItsTime() {
    LoadTarget usual = LoadTarget.of(server.url());
    OpenLoop loop =
        OpenLoop.of(
            new LoadTarget(usual.url(), "", "crow", false, false, Map.of(), Duration.ofSeconds(3)),
            http);
    var never = new CountDownLatch(1);
    server.behave(
        (asked, exchange) -> {
          OutputStream out = FakeOpenAi.open(exchange);
          FakeOpenAi.event(out, "data: " + FakeOpenAi.piece(asked, "one", ""));
          never.await();
        });
    LoadOutcome outcome = loop.run(List.of(new LoadRequest(0, "a", 3)), Progress.none());
    assertThat(outcome.failures()).containsOnlyKeys("timeout");
    assertThat(server.asked.peek().path("model").asString()).isEqualTo("crow");
    never.countDown();
  }

  @Test
  void theFirstRequestsHaveTheSameTime() {
    var never = new CountDownLatch(1);
    server.behave(
        (asked, exchange) -> {
          OutputStream out = FakeOpenAi.open(exchange);
          FakeOpenAi.event(out, "data: " + FakeOpenAi.piece(asked, "one", ""));
          never.await();
        });
    var target =
        new LoadTarget(server.url(), "", "", false, false, Map.of(), Duration.ofSeconds(3));
    assertThatThrownBy(() -> OpenLoop.of(target, http))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("no end after 3 s");
    never.countDown();
  }

  @Test
  void aPortOrKeyThatIsNoneIsRefusedAndNullIsAField() {
    assertThatThrownBy(() -> OpenLoop.of(LoadTarget.of("http://127.0.0.1:99999"), http))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("expected is 1 to 65535");
    for (String key : List.of("sec\nret", "sec\u0007ret")) {
      assertThatThrownBy(
              () ->
                  new LoadTarget(
                      server.url(), key, "", false, false, Map.of(), Duration.ofSeconds(3)))
          .isInstanceOf(UserInputException.class)
          .hasMessageNotContaining("sec")
          .hasMessageNotContaining("\n");
    }
    Map<String, Object> fields =
        Json.mapper().readValue("{\"stop\": null}", new TypeReference<Map<String, Object>>() {});
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()).with(fields), http);
    assertThat(loop.model()).isEqualTo("parrot");
    assertThat(server.asked.peek().path("stop").isNull()).isTrue();
    assertThat(server.asked.peek().has("stop")).isTrue();
  }

  @Test
  void stoppedItTellsWhatWasAnsweredAndWhatWasNot() throws Exception {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    var here = new CountDownLatch(3);
    var answeredOnce = new CountDownLatch(1);
    var number = new AtomicInteger();
    server.behave(
        (asked, exchange) -> {
          if (number.getAndIncrement() == 0) {
            FakeOpenAi.stream(asked, exchange);
            return;
          }
          here.countDown();
          new CountDownLatch(1).await();
        });
    List<LoadRequest> requests = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      requests.add(new LoadRequest(0, "a b c", 4));
    }
    requests.add(new LoadRequest(86_400, "tomorrow", 4));
    Progress stopping =
        new Progress() {
          @Override
          public void step(long done, String note) {
            answeredOnce.countDown();
          }

          @Override
          public void close() {}
        };
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                here.await();
                answeredOnce.await();
                loop.stop();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    LoadOutcome outcome = loop.run(requests, stopping);
    assertThat(outcome.answered()).isEqualTo(1);
    assertThat(outcome.failed()).isZero();
    assertThat(outcome.answers()).hasSize(4);
    assertThat(outcome.unsent()).isEqualTo(1);
  }

  @Test
  void stoppedItWaitsForNoRequestThatIsSlowToEnd() throws Exception {
    var slow = new SlowToEnd(http, new CountDownLatch(3));
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), slow);
    slow.holds = true;
    List<LoadRequest> requests = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      requests.add(new LoadRequest(0, "a b c", 4));
    }
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                slow.stuck.await();
                loop.stop();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    LoadOutcome outcome = loop.run(requests, Progress.none());
    assertThat(slow.released.getCount()).as("they have not ended").isPositive();
    assertThat(outcome.answers()).hasSize(3).noneMatch(LoadAnswer::failed);
    assertThat(outcome.answered()).isZero();
    slow.released.countDown();
  }

  @Test
  void moreThanOneTestCanHaveIsRefusedBeforeAnythingIsDrawnOrAsked() {
    Workload workload = Workload.generated("21-6", 100, 1e6, 1);
    assertThatThrownBy(() -> OpenLoop.requireSendable(workload, OptionalDouble.of(60)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("60,000,000 requests")
        .hasMessageContaining("1,000,000");
    OpenLoop.requireSendable(workload, OptionalDouble.of(1));
    OpenLoop.requireSendable(workload, OptionalDouble.empty());
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    int asked = server.asked.size();
    assertThatThrownBy(() -> loop.requests(workload, 60, new Seed(1)))
        .isInstanceOf(UserInputException.class);
    assertThat(server.asked).hasSize(asked);
    assertThatThrownBy(() -> workload.drawFor(60, new Seed(1)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("10,000,000");
  }

  @Test
  void arrivalsAndPromptsFollowFromTheSeedAlone() {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    Workload workload = Workload.generated("31-4", 60, 3, 1);
    List<LoadRequest> once = loop.requests(workload, new Seed(1));
    assertThat(loop.requests(workload, new Seed(1))).isEqualTo(once);
    assertThat(loop.requests(workload, new Seed(2))).isNotEqualTo(once);
    assertThat(once)
        .isSortedAccordingTo((a, b) -> Double.compare(a.arrivalSeconds(), b.arrivalSeconds()));
    assertThat(once).allSatisfy(each -> assertThat(each.prompt().split(" ")).hasSize(14));
    assertThat(once.stream().map(LoadRequest::prompt)).doesNotHaveDuplicates();
    assertThat(loop.requests(workload, 5, new Seed(1)))
        .isEqualTo(once.stream().filter(each -> each.arrivalSeconds() <= 5).toList());
    assertThat(loop.requests(workload, 100, new Seed(1))).hasSizeBetween(200, 400);
  }

  @Test
  void requestsThatShareAPrefixInATraceShareWords() {
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    var trace =
        new Trace("t", "mooncake", List.of(shared(0, 1, 2), shared(1, 1, 3), shared(2, 4, 2)), 0);
    List<String[]> words =
        loop.requests(Workload.of(trace, 3, 0), new Seed(1)).stream()
            .map(each -> each.prompt().split(" "))
            .toList();
    assertThat(common(words.get(0), words.get(1))).isBetween(10, 12);
    assertThat(common(words.get(0), words.get(2))).isLessThan(6);
  }

  @Test
  void aModelWithLittleRoomIsMeasuredWithLess() {
    server.behave(
        (asked, exchange) -> {
          if (FakeOpenAi.prompt(asked).length() > 100) {
            FakeOpenAi.send(exchange, 400, "{\"error\": {\"message\": \"no room\"}}");
          } else {
            FakeOpenAi.stream(asked, exchange);
          }
        });
    OpenLoop loop = OpenLoop.of(LoadTarget.of(server.url()), http);
    List<LoadRequest> requests = loop.requests(fast("23-2", 5), new Seed(1));
    assertThat(loop.countsTokens()).isTrue();
    assertThat(requests).allSatisfy(each -> assertThat(each.prompt().split(" ")).hasSize(10));
  }

  private static int common(String[] a, String[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  private static TraceRequest shared(double at, int... prefix) {
    return new TraceRequest(at, 53, 4, dev.banyan.serve.policy.PriorityClass.NORMAL, prefix, 20);
  }

  @Test
  void percentilesAreTheLeastValuesThatSoManyDoNotExceed() {
    for (int count = 1; count < 250; count++) {
      var random = new Seed(count).stream("values");
      double[] values = random.doubles(count).toArray();
      Percentiles found = Percentiles.of(values);
      for (var each : Map.of(50, found.p50(), 90, found.p90(), 99, found.p99()).entrySet()) {
        long least = (long) each.getKey() * count;
        long below = Arrays.stream(values).filter(value -> value <= each.getValue()).count();
        assertThat(below * 100).isGreaterThanOrEqualTo(least);
        assertThat((below - 1) * 100).isLessThan(least);
      }
      assertThat(found.most()).isEqualTo(Arrays.stream(values).max().orElseThrow());
    }
    assertThat(Percentiles.of(new double[] {Double.NaN}).p50()).isNaN();
  }

  @Test
  void whatIsNoServerForThisIsOneLine() throws IOException {
    int closed;
    try (var socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    refused("http://127.0.0.1:" + closed, "", "no server answers at http://127.0.0.1:" + closed);
    refused("127.0.0.1:8000", "", "127.0.0.1:8000 is no address");
    refused("ftp://here", "", "expected one like http://127.0.0.1:8000");
    refused(server.url(), "parrott", "has no model 'parrott'; did you mean 'parrot'?");
    server.behave(
        (asked, exchange) ->
            FakeOpenAi.send(exchange, 400, "{\"error\": {\"message\": \"no ignore_eos\"}}"));
    refused(server.url(), "", "HTTP 400, no ignore_eos; --may-end leaves that field out");
    server.behave((asked, exchange) -> FakeOpenAi.send(exchange, 200, "{\"choices\": []}"));
    refused(server.url(), "", "no whole stream of events");
    server.listModels(200, "<html>hello</html>");
    refused(server.url(), "", "is no OpenAI server: GET /v1/models answers 200");
    server.listModels(404, "{}");
    refused(server.url(), "", "is no OpenAI server: GET /v1/models answers 404");
    server.listModels(401, "{\"error\": {\"message\": \"who are you?\"}}");
    refused(server.url(), "", "wants a key, which --key KEY gives: who are you?");
    refused(
        new LoadTarget(server.url(), "sk-x", "", false, false, Map.of(), Duration.ofSeconds(60)),
        "refuses the key that --key or BANYAN_KEY gives: who are you?");
  }

  private void refused(String url, String model, String said) {
    refused(new LoadTarget(url, "", model, false, false, Map.of(), Duration.ofSeconds(60)), said);
  }

  private void refused(LoadTarget target, String said) {
    assertThatThrownBy(() -> OpenLoop.of(target, http))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(said)
        .message()
        .hasLineCount(1);
  }

  private static Workload fast(String lengths, int requests) {
    return Workload.generated(lengths, requests, 500, 1);
  }
}
