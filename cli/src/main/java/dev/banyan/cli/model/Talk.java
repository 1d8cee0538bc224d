package dev.banyan.cli.model;

import dev.banyan.core.Nearest;
import dev.banyan.core.Result;
import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatSession;
import dev.banyan.model.Completion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happens between the person and the model: questions, answers, commands with a slash. */
final class Talk {
  static final List<String> COMMANDS = List.of("/help", "/system", "/reset", "/exit");

  private static final String HELP =
      """
      /system TEXT   tells the model TEXT before the conversation, which starts anew; without TEXT nothing
      /reset         starts the conversation anew
      /exit          ends (as Ctrl-D does)
      /help          shows this
      Ctrl-C stops an answer; what came of it stays in the conversation.""";

  private final ChatSession session;
  private final ChatSession.Manner manner;
  private int answers;
  private int tokens;
  private int promptTokens;
  private int reusedTokens;
  private double seconds;

  Talk(ChatSession session, ChatSession.Manner manner) {
    this.session = session;
    this.manner = manner;
  }

  /** Questions and answers until the input ends or /exit comes. */
  void run(ChatScreen screen) {
    screen.remark("/help shows what can be typed besides questions");
    for (String line = screen.read(); line != null; line = screen.read()) {
      String text = line.strip();
      if (text.isEmpty()) {
        continue;
      }
      if (text.startsWith("/")) {
        if (!command(text, screen)) {
          return;
        }
      } else {
        answer(text, screen);
      }
    }
  }

  /** False when the conversation is over. */
  private boolean command(String line, ChatScreen screen) {
    int blank = line.indexOf(' ');
    String name = blank < 0 ? line : line.substring(0, blank);
    String rest = blank < 0 ? "" : line.substring(blank).strip();
    switch (name) {
      case "/help" -> screen.remark(HELP);
      case "/exit", "/quit" -> {
        return false;
      }
      case "/reset" -> {
        session.reset();
        screen.remark("the conversation starts anew");
      }
      case "/system" -> {
        session.system(rest);
        screen.remark(
            rest.isEmpty()
                ? "no system message; the conversation starts anew"
                : "the conversation starts anew with this system message");
      }
      default -> screen.remark(unknown(name));
    }
    return true;
  }

  private static String unknown(String name) {
    @Nullable String near = Nearest.of(name, COMMANDS).orElse(null);
    return "there is no "
        + name
        + (near == null ? "" : "; did you mean " + near + "?")
        + " (/help shows all)";
  }

  private void answer(String text, ChatScreen screen) {
    long start = System.nanoTime();
    try {
      ChatSession.Reply reply = session.say(text, manner, screen::write, screen::isStopped);
      seconds += (System.nanoTime() - start) / 1e9;
      answers++;
      tokens += reply.completion().ids().size();
      promptTokens += reply.promptTokens();
      reusedTokens += reply.reusedTokens();
      screen.end(
          switch (reply.completion().finish()) {
            case Completion.Finish.STOPPED -> "stopped";
            case Completion.Finish.LENGTH ->
                "cut after " + reply.completion().ids().size() + " tokens";
            case Completion.Finish.STOP_ID, Completion.Finish.STOP_STRING -> "";
          });
    } catch (UserInputException refused) {
      screen.end("");
      screen.fail(String.valueOf(refused.getMessage()), refused);
    }
  }

  /** The figures of the whole conversation. */
  Result figures(Result result) {
    return result
        .put("answers", answers)
        .put("tokens", tokens)
        .put("promptTokens", promptTokens)
        .put("reusedTokens", reusedTokens)
        .put("seconds", seconds);
  }
}
