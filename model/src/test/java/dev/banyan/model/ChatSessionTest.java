package dev.banyan.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.weights.config.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatSessionTest {
  private static final ChatSession.Manner MANNER =
      new ChatSession.Manner(Sampling.atTemperature(1), 12, List.of(), Map.of(), new Seed(3));

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;

  ChatSessionTest(@TempDir Path folder) throws IOException {
    var config =
        """
        {"model_type": "llama", "vocab_size": 300, "hidden_size": 32, "intermediate_size": 48,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "max_position_embeddings": 256, "eos_token_id": null}
        """;
    model =
        LanguageModel.create(
            ModelConfig.parse("config", config.getBytes(StandardCharsets.UTF_8)),
            new Seed(1),
            Precision.F32);
    BpeTrainer.train(
            List.of("a tree grows up, then out").iterator(),
            BpeTrainer.Options.of(280, List.of("<|end|>")))
        .write(
            folder,
            new TrainedBpe.Roles(
                Optional.empty(), Optional.of("<|end|>"), Optional.empty(), Optional.empty()));
    tokenizer = Tokenizer.open(folder);
    template =
        ChatTemplate.parse(
            "t",
            "{% for m in messages %}{% if m.content == 'no' %}{{ raise_exception('not no') }}"
                + "{% endif %}{{ m.role ~ ':' ~ m.content ~ '<|end|>' }}{% endfor %}assistant:",
            Map.of());
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void aConversationThatRemembersAnswersAsOneThatComputesAllAnew() {
    var conversation = new ArrayList<Map<String, ?>>();
    try (var session = session()) {
      for (int turn = 0; turn < 4; turn++) {
        String question = "grow " + "up ".repeat(turn);
        conversation.add(Conversation.message("user", question));
        ChatSession.Reply reply = session.say(question, MANNER, piece -> {}, () -> false);
        int[] prompt =
            tokenizer.encode(template.render(Conversation.toAnswer(conversation)).text(), false);
        var anew =
            new Generator.Request(
                prompt,
                MANNER.sampling(),
                12,
                stopIds(),
                List.of(),
                MANNER.seed().of("turn", turn));
        Completion expected = new Generator(model, tokenizer).generate(anew, piece -> {});
        assertThat(reply.completion()).isEqualTo(expected);
        assertThat(reply.promptTokens()).isEqualTo(prompt.length);
        // everything up to the last answer is in the store
        assertThat(reply.reusedTokens()).isBetween(turn == 0 ? 0 : 10 * turn, prompt.length - 1);
        conversation.add(Conversation.message("assistant", expected.text()));
      }
      assertThat(session.messages()).isEqualTo(conversation);
      session.reset();
      // the prompt of the first turn again: all of it but its last token is still there
      ChatSession.Reply again = session.say("grow ", MANNER, piece -> {}, () -> false);
      assertThat(again.reusedTokens()).isEqualTo(again.promptTokens() - 1);
    }
  }

  @Test
  void aConversationBehindVirtualTokensRemembersToo(@TempDir Path folder) throws IOException {
    new WrittenAdapter()
        .with("prompt_embeddings", new Seed(4).stream("prefix"), 0, 10, 7, 2 * 2 * 2 * 8)
        .write(folder, "{\"peft_type\": \"PREFIX_TUNING\", \"num_virtual_tokens\": 7}");
    var manner = new ChatSession.Manner(Sampling.greedy(), 12, List.of(), Map.of(), new Seed(3));
    var conversation = new ArrayList<Map<String, ?>>();
    try (LoadedAdapter adapter = model.load(Adapter.open(folder));
        var session = new ChatSession(model, tokenizer, template, Set.of(), adapter)) {
      for (int turn = 0; turn < 3; turn++) {
        conversation.add(Conversation.message("user", "grow"));
        ChatSession.Reply reply = session.say("grow", manner, piece -> {}, () -> false);
        int[] prompt =
            tokenizer.encode(template.render(Conversation.toAnswer(conversation)).text(), false);
        var anew = Generator.Request.greedy(prompt, 12, Set.of()).with(adapter);
        var generator = new Generator(model, tokenizer);
        assertThat(reply.completion()).isEqualTo(generator.generate(anew, piece -> {}));
        assertThat(reply.completion())
            .isNotEqualTo(generator.generate(anew.with(null), piece -> {}));
        assertThat(reply.reusedTokens() > 0).isEqualTo(turn > 0);
        conversation.add(Conversation.message("assistant", reply.completion().text()));
      }
      session.reset();
      session.say("up ".repeat(20), manner, piece -> {}, () -> false);
      assertThatThrownBy(
              () -> session.say("up and out ".repeat(300), manner, piece -> {}, () -> false))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("the model was made for 249");
    }
  }

  @Test
  void aStoppedAnswerStaysAsFarAsItCame() {
    try (var session = session()) {
      var asked = new AtomicInteger();
      ChatSession.Reply reply =
          session.say("up", MANNER, piece -> {}, () -> asked.incrementAndGet() > 4);
      assertThat(reply.completion().finish()).isEqualTo(Completion.Finish.STOPPED);
      assertThat(reply.completion().ids()).hasSizeBetween(1, 4);
      assertThat(session.messages())
          .last()
          .isEqualTo(Conversation.message("assistant", reply.completion().text()));
      ChatSession.Reply none = session.say("out", MANNER, piece -> {}, () -> true);
      assertThat(none.completion().ids()).isEmpty();
      assertThat(session.say("then", MANNER, piece -> {}, () -> false).completion().ids())
          .isNotEmpty();
    }
  }

  @Test
  void whatIsRefusedLeavesTheConversationAsItWas() {
    try (var session = session()) {
      session.say("up", MANNER, piece -> {}, () -> false);
      var before = session.messages();
      assertThatThrownBy(() -> session.say("no", MANNER, piece -> {}, () -> false))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("refuses this conversation: not no");
      assertThatThrownBy(() -> session.say("x ".repeat(300), MANNER, piece -> {}, () -> false))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("the model was made for 256");
      assertThat(session.messages()).isEqualTo(before);
      assertThat(session.say("out", MANNER, piece -> {}, () -> false).completion().ids())
          .isNotEmpty();
    }
  }

  @Test
  void theSystemMessageComesFirstAndStartsAnew() {
    try (var session = session()) {
      session.say("up", MANNER, piece -> {}, () -> false);
      session.system("grow");
      assertThat(session.messages()).isEmpty();
      int with = session.say("up", MANNER, piece -> {}, () -> false).promptTokens();
      session.system("");
      int without = session.say("up", MANNER, piece -> {}, () -> false).promptTokens();
      int extra = tokenizer.encode("system:grow<|end|>", false).length;
      assertThat(with - without).isEqualTo(extra);
    }
  }

  private Set<Integer> stopIds() {
    return Set.of(tokenizer.eosId().orElseThrow());
  }

  private ChatSession session() {
    return new ChatSession(model, tokenizer, template, stopIds());
  }
}
