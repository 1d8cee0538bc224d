package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionTokenLogprob;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.models.Model;
import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** OpenAI's own Java client against {@code banyan serve} as a user starts it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenAiSdkTest {
  /** What an answer must be, as its class says it to the client. */
  public static final class Verdict {
    public boolean sure;
    public Word word = Word.NO;
  }

  public enum Word {
    YES,
    NO
  }

  private RunningServer server;
  private OpenAIClient client;

  @BeforeAll
  void start(@TempDir Path folder) throws IOException {
    server = RunningServer.start(RunningServer.model(folder), "--instances=1");
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl("http://127.0.0.1:" + server.port + "/v1")
            .apiKey("none")
            .maxRetries(0)
            .build();
  }

  @AfterAll
  void end() throws IOException {
    client.close();
    server.close();
  }

  @Test
  void modelsAreListed() {
    assertThat(client.models().list().data()).extracting(Model::id).containsExactly("tiny");
    assertThat(client.models().retrieve("tiny").id()).isEqualTo("tiny");
  }

  @Test
  void aStreamedChatSaysAndCountsWhatAWholeOneDoes() {
    ChatCompletion whole = client.chat().completions().create(chat().build());
    ChatCompletion.Choice choice = whole.choices().getFirst();
    assertThat(choice.finishReason())
        .isIn(ChatCompletion.Choice.FinishReason.LENGTH, ChatCompletion.Choice.FinishReason.STOP);
    assertThat(whole.usage().orElseThrow().completionTokens()).isBetween(1L, 12L);

    var options = ChatCompletionStreamOptions.builder().includeUsage(true).build();
    var accumulator = ChatCompletionAccumulator.create();
    List<ChatCompletionChunk> chunks;
    try (StreamResponse<ChatCompletionChunk> stream =
        client.chat().completions().createStreaming(chat().streamOptions(options).build())) {
      chunks = stream.stream().peek(accumulator::accumulate).collect(Collectors.toList());
    }
    ChatCompletion streamed = accumulator.chatCompletion();
    assertThat(streamed.choices().getFirst().message().content())
        .isEqualTo(choice.message().content());
    assertThat(streamed.choices().getFirst().finishReason()).isEqualTo(choice.finishReason());
    assertThat(chunks.getLast().usage().map(usage -> usage.totalTokens()))
        .isEqualTo(whole.usage().map(usage -> usage.totalTokens()));
    assertThat(chunks).hasSizeGreaterThan(3);
  }

  @Test
  @SuppressWarnings("deprecation") // OpenAI no longer promises what a seed does; Banyan does
  void severalAnswersWithProbabilitiesFollowFromTheSeed() {
    ChatCompletionCreateParams params =
        chat().temperature(1.0).n(3).seed(7).logprobs(true).topLogprobs(2).build();
    ChatCompletion once = client.chat().completions().create(params);
    assertThat(once.choices()).extracting(ChatCompletion.Choice::index).containsExactly(0L, 1L, 2L);
    for (ChatCompletion.Choice each : once.choices()) {
      List<ChatCompletionTokenLogprob> tokens =
          each.logprobs().orElseThrow().content().orElseThrow();
      assertThat(tokens)
          .isNotEmpty()
          .allSatisfy(
              token -> {
                assertThat(token.logprob()).isNotPositive();
                assertThat(token.topLogprobs()).hasSize(2);
              });
    }
    ChatCompletion again = client.chat().completions().create(params);
    assertThat(texts(again)).isEqualTo(texts(once));
  }

  @Test
  void aCompletionHasAProbabilityForEachToken() {
    CompletionCreateParams params =
        CompletionCreateParams.builder()
            .model("tiny")
            .prompt("a tree")
            .maxTokens(5)
            .temperature(0.0)
            .logprobs(2)
            .putAdditionalBodyProperty("ignore_eos", JsonValue.from(true))
            .build();
    Completion completion = client.completions().create(params);
    var logprobs = completion.choices().getFirst().logprobs().orElseThrow();
    assertThat(logprobs.tokens().orElseThrow()).hasSize(5);
    assertThat(logprobs.tokenLogprobs().orElseThrow())
        .hasSize(5)
        .allSatisfy(logprob -> assertThat(logprob).isNotPositive());
    assertThat(logprobs.topLogprobs().orElseThrow()).hasSize(5);
    assertThat(completion.usage().orElseThrow().completionTokens()).isEqualTo(5);
  }

  @Test
  void anAnswerOfAClassIsOne() {
    var answer =
        client
            .chat()
            .completions()
            .create(chat().maxCompletionTokens(60).responseFormat(Verdict.class).build());
    Verdict verdict = answer.choices().getFirst().message().content().orElseThrow();
    assertThat(verdict.word).isIn(Word.YES, Word.NO);
  }

  @Test
  void aToolThatMustBeCalledIs() {
    var parameters =
        FunctionParameters.builder()
            .putAdditionalProperty("type", JsonValue.from("object"))
            .putAdditionalProperty(
                "properties",
                JsonValue.from(
                    Map.of(
                        "sure", Map.of("type", "boolean"),
                        "word", Map.of("enum", List.of("yes", "no")))))
            .putAdditionalProperty("required", JsonValue.from(List.of("sure", "word")))
            .putAdditionalProperty("additionalProperties", JsonValue.from(false))
            .build();
    var tool =
        ChatCompletionFunctionTool.builder()
            .function(FunctionDefinition.builder().name("judge").parameters(parameters).build())
            .build();
    ChatCompletion called =
        client
            .chat()
            .completions()
            .create(
                chat()
                    .maxCompletionTokens(80)
                    .addTool(tool)
                    .toolChoice(
                        ChatCompletionToolChoiceOption.ofAuto(
                            ChatCompletionToolChoiceOption.Auto.REQUIRED))
                    .build());
    ChatCompletion.Choice choice = called.choices().getFirst();
    assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
    ChatCompletionMessageFunctionToolCall call =
        choice.message().toolCalls().orElseThrow().getFirst().asFunction();
    assertThat(call.function().name()).isEqualTo("judge");
    JsonNode arguments = Json.mapper().readTree(call.function().arguments());
    assertThat(arguments.path("sure").isBoolean()).isTrue();
    assertThat(arguments.path("word").asString()).isIn("yes", "no");
  }

  @Test
  void whatIsRefusedIsTheClientsOwnException() {
    assertThatThrownBy(
            () -> client.chat().completions().create(chat().model("no-such-model").build()))
        .isInstanceOfSatisfying(
            NotFoundException.class,
            e -> {
              assertThat(e.code()).hasValue("model_not_found");
              assertThat(e.getMessage()).contains("no-such-model");
            });
    assertThatThrownBy(() -> client.chat().completions().create(chat().temperature(-1.0).build()))
        .isInstanceOf(BadRequestException.class);
    assertThatThrownBy(() -> client.chat().completions().create(chat().n(0).build()))
        .isInstanceOf(BadRequestException.class);
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model("tiny")
        .addUserMessage("a tree grows")
        .maxCompletionTokens(12)
        .temperature(0.0);
  }

  private static List<String> texts(ChatCompletion of) {
    return of.choices().stream().map(each -> each.message().content().orElse("")).toList();
  }
}
