import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.model.ChatTemplate;
import dev.banyan.model.ChatText;
import dev.banyan.model.Conversation;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Renders what make_chat_golden.py has recorded and compares.
 *
 * <p>usage: java -cp … ChatTemplates.java CONVERSATIONS.json GOLDEN.json [-v]
 */
public final class ChatTemplates {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 2, 3, 4, 5);

  record Recorded(String text, List<List<Integer>> generations, String raised, String failed,
      String refused, String message) {}

  record Recording(String name, String source, Map<String, Recorded> cases) {}

  @SuppressWarnings("unchecked")
  public static void main(String[] args) {
    Map<String, Object> given = Json.read(Path.of(args[0]), Map.class);
    Recording[] recordings = Json.read(Path.of(args[1]), Recording[].class);
    boolean verbose = args.length > 2;
    int equal = 0;
    int bothFail = 0;
    int different = 0;
    int known = 0;
    int templatesEqual = 0;
    for (Recording recording : recordings) {
      int before = different;
      int texts = 0;
      var cases = new TreeMap<>(recording.cases());
      for (var entry : cases.entrySet()) {
        String name = entry.getKey();
        Recorded recorded = entry.getValue();
        String found;
        String wanted = recorded.text();
        try {
          ChatText text = render(given, recording, name);
          found = text.text();
          if (recorded.generations() != null && !recorded.generations().isEmpty()) {
            found += spans(text);
            wanted += recorded.generations();
          }
        } catch (UserInputException e) {
          found = "FAILED " + e.getMessage();
        } catch (RuntimeException e) {
          found = "CRASHED " + e;
        }
        if (wanted == null) {
          boolean same = found.startsWith("FAILED ")
              && (recorded.raised() == null || found.endsWith(recorded.raised()));
          boolean early = !same && isEarly(recorded, found);
          bothFail += same ? 1 : 0;
          known += early ? 1 : 0;
          different += same || early ? 0 : 1;
          if (!same && !early || verbose && recorded.raised() == null) {
            System.out.println((same ? "both fail: " : "DIFFERENT: ") + recording.name() + " " + name + "\n  theirs: "
                + recorded.raised() + recorded.failed() + recorded.message() + recorded.refused()
                + "\n  ours:   " + found);
          }
        } else if (isKnown(wanted, found)) {
          known++;
        } else if (found.equals(wanted)) {
          equal++;
          texts++;
        } else {
          different++;
          System.out.println("DIFFERENT: " + recording.name() + " " + name + "\n  theirs: "
              + Json.mapper().writeValueAsString(wanted) + "\n  ours:   "
              + Json.mapper().writeValueAsString(found));
        }
      }
      templatesEqual += different == before && texts > 0 ? 1 : 0;
    }
    System.out.printf("%d templates, %d of them all equal with at least one text; %d texts equal, %d fail in both, %d otherwise on purpose, %d different%n",
        recordings.length, templatesEqual, equal, bothFail, known, different);
    System.exit(different == 0 ? 0 : 1);
  }

  /** What Jinja computes before it runs, and finds wrong, though nothing ever comes to it. */
  private static boolean isEarly(Recorded recorded, String found) {
    return !found.startsWith("CRASHED ")
        && String.valueOf(recorded.message()).startsWith("unhashable type: ");
  }

  /**
   * What Python prints or looks at and we refuse: places in memory; slices of constants that have none (Jinja
   * computes them early and takes them as undefined); names of filters and tests it never comes to.
   */
  private static boolean isKnown(String wanted, String found) {
    return found.startsWith("FAILED ")
        && (wanted.contains(" at 0x")
            || wanted.toLowerCase(java.util.Locale.ROOT).contains("<built-in method")
            || found.endsWith(": a function has no text; is '()' missing?")
            || found.endsWith("' cannot be sliced")
            || found.contains(": there is no filter '")
            || found.contains(": there is no test '"));
  }

  private static String spans(ChatText text) {
    return text.answers().stream()
        .map(s -> List.of(codePoints(text.text(), s.from()), codePoints(text.text(), s.to())))
        .toList()
        .toString();
  }

  /** A filter around an answer may leave the text shorter than the place where the answer was. */
  private static int codePoints(String text, int at) {
    int within = Math.min(at, text.length());
    return text.codePointCount(0, within) + at - within;
  }

  @SuppressWarnings("unchecked")
  private static ChatText render(Map<String, Object> given, Recording recording, String name) {
    boolean prompt = name.endsWith("+prompt");
    String bare = prompt ? name.substring(0, name.length() - "+prompt".length()) : name;
    var one = (Map<String, Object>) ((Map<String, Object>) given.get("cases")).get(bare);
    var template = ChatTemplate.parse(recording.name(), recording.source(),
        (Map<String, String>) given.get("tokens"));
    return template.render(
        new Conversation(
            (List<Map<String, Object>>) one.get("messages"),
            one.containsKey("tools") ? (List<Map<String, Object>>) given.get("tools") : null,
            one.containsKey("documents") ? (List<Map<String, Object>>) given.get("documents") : null,
            prompt,
            (Map<String, Object>) one.getOrDefault("variables", Map.of())),
        () -> NOW);
  }
}
