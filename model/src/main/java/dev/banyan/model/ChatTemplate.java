package dev.banyan.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.template.Fault;
import dev.banyan.model.template.Rendered;
import dev.banyan.model.template.Template;
import dev.banyan.model.template.TemplateFiles;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Conversations to text, by the Jinja templates of a model folder and as transformers' {@code
 * apply_chat_template} does it.
 *
 * <pre>{@code
 * var template = ChatTemplate.read(Path.of("Qwen3-0.6B"));
 * var question = Conversation.message("user", "What is 2+2?");
 * String text = template.render(Conversation.toAnswer(List.of(question))).text();
 * }</pre>
 *
 * <p>Templates run in an interpreter of our own that knows the language transformers allows and
 * nothing else: no files, no network, no classes, and a budget of steps, so that a hostile template
 * ends. Immutable and safe for several threads.
 */
public final class ChatTemplate {
  private static final String TOOL_USE = "tool_use";

  private final Map<String, Template> templates;
  private final Map<String, String> places;
  private final Map<String, String> tokens;

  private ChatTemplate(TemplateFiles files) {
    this.places = files.places();
    this.tokens = files.tokens();
    this.templates = new TreeMap<>();
    files.sources().forEach((name, source) -> templates.put(name, parsed(source, place(name))));
  }

  /**
   * The templates of a model folder: of {@code tokenizer_config.json}, {@code chat_template.jinja}
   * and {@code additional_chat_templates/}.
   *
   * @throws UserInputException when there is none, or one is not a template; the message names
   *     file, line and column
   */
  public static ChatTemplate read(Path folder) {
    return find(folder)
        .orElseThrow(
            () ->
                new UserInputException(
                    "%s: there is no chat template, neither chat_template.jinja nor chat_template in tokenizer_config.json. The model was not made for conversations; banyan generate continues plain text."
                        .formatted(folder)));
  }

  /** {@link #read}, or nothing for a folder without templates. */
  public static Optional<ChatTemplate> find(Path folder) {
    TemplateFiles files = TemplateFiles.read(folder);
    return files.sources().isEmpty() ? Optional.empty() : Optional.of(new ChatTemplate(files));
  }

  /**
   * A template that is in no file.
   *
   * @param name what messages call it
   * @param tokens special tokens by role, for example {@code bos_token}
   * @throws UserInputException when it is not a template
   */
  public static ChatTemplate parse(String name, String source, Map<String, String> tokens) {
    return new ChatTemplate(
        new TemplateFiles(
            Map.of(TemplateFiles.DEFAULT, source), Map.of(TemplateFiles.DEFAULT, name), tokens));
  }

  /** The names of the templates; a single one is called {@code default}. */
  public Set<String> names() {
    return new TreeSet<>(templates.keySet());
  }

  /**
   * The text of a conversation. With tools the template {@code tool_use} is used where there is
   * one, otherwise {@code default}.
   *
   * @throws UserInputException when the template refuses the conversation or fails on it, with
   *     file, line and column
   */
  public ChatText render(Conversation conversation) {
    return render(conversation, LocalDateTime::now);
  }

  /**
   * {@link #render(Conversation)} at a given time.
   *
   * @param now what the template's {@code strftime_now} takes for the time
   */
  public ChatText render(Conversation conversation, Supplier<LocalDateTime> now) {
    boolean toolUse = conversation.tools() != null && templates.containsKey(TOOL_USE);
    String name = toolUse ? TOOL_USE : TemplateFiles.DEFAULT;
    if (!templates.containsKey(name)) {
      throw new UserInputException(
          "none of the chat templates %s is called default; name one".formatted(names()));
    }
    return render(name, conversation, now);
  }

  /**
   * {@link #render(Conversation)} by the template of that name.
   *
   * @throws UserInputException when there is none
   */
  public ChatText render(String name, Conversation conversation, Supplier<LocalDateTime> now) {
    Template template = templates.get(name);
    if (template == null) {
      throw new UserInputException(
          "there is no chat template '%s'; there are %s".formatted(name, names()));
    }
    var variables = new LinkedHashMap<String, Object>(tokens);
    variables.putAll(conversation.variables());
    variables.put("messages", conversation.messages());
    variables.put("tools", conversation.tools());
    variables.put("documents", conversation.documents());
    variables.put("add_generation_prompt", conversation.addGenerationPrompt());
    try {
      Rendered rendered = template.render(variables, now);
      List<ChatText.Span> answers =
          rendered.generations().stream()
              .map(span -> new ChatText.Span(span.from(), span.to()))
              .toList();
      return new ChatText(rendered.text(), answers);
    } catch (Fault fault) {
      throw failed(fault, template.source(), place(name));
    }
  }

  private String place(String name) {
    return Objects.requireNonNull(places.get(name));
  }

  private static Template parsed(String source, String place) {
    try {
      return Template.parse(source);
    } catch (Fault fault) {
      throw failed(fault, source, place);
    }
  }

  private static UserInputException failed(Fault fault, String source, String place) {
    String where = fault.at() < 0 ? place : place + ":" + Template.place(source, fault.at());
    String what =
        fault.isRaised() ? "the template refuses this conversation: " + fault.text() : fault.text();
    return new UserInputException(where + ": " + what, fault);
  }
}
