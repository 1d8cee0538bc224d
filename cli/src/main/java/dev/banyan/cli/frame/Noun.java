package dev.banyan.cli.frame;

import java.util.List;

/**
 * A word that may follow {@code banyan}. Only the noun that was typed is looked into, so one more
 * costs nothing at start.
 *
 * @param room heading it stands under in {@code banyan --help}
 * @param name as typed
 * @param description one line for the list of commands
 * @param commands picocli command classes: the verbs, or the noun itself when {@code alone}
 * @param alone true when the noun is itself a command ({@code banyan train CONFIG})
 * @param hidden true when help does not list it
 * @param defaultVerb the verb that is meant when none is typed; empty when there is none
 */
public record Noun(
    String room,
    String name,
    String description,
    List<Class<?>> commands,
    boolean alone,
    boolean hidden,
    String defaultVerb) {

  public Noun {
    commands = List.copyOf(commands);
    if (commands.isEmpty() || (alone && commands.size() != 1)) {
      throw new IllegalArgumentException(
          "noun '" + name + "' has " + commands.size() + " commands, alone = " + alone);
    }
  }

  /** {@code banyan <name> <verb> …}; each class is one verb and names itself. */
  public static Noun group(String room, String name, String description, Class<?>... verbs) {
    return new Noun(room, name, description, List.of(verbs), false, false, "");
  }

  /** The same where {@code banyan <name> inputs…} means {@code banyan <name> <verb> inputs…}. */
  public Noun withDefault(String verb) {
    return new Noun(room, name, description, commands, alone, hidden, verb);
  }

  /** {@code banyan <name> …}. */
  public static Noun command(String room, String name, String description, Class<?> command) {
    return new Noun(room, name, description, List.of(command), true, false, "");
  }

  /** A command of the build's own, not listed. */
  public static Noun hidden(String name, String description, Class<?> command) {
    return new Noun("", name, description, List.of(command), true, true, "");
  }
}
