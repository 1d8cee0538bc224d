package dev.banyan.cli.frame;

import dev.banyan.core.ExitCode;
import dev.banyan.core.Nearest;
import dev.banyan.core.Version;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.PicocliException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The tree of commands below {@code banyan}: parses, runs the one that was typed, and turns what it
 * throws into one line and an exit code. Every level has {@code -h}.
 */
public final class CommandTree {
  private final List<Noun> nouns;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean trace;

  /**
   * @param nouns in the order help lists them
   * @param trace whether failures show their stack
   */
  public CommandTree(List<Noun> nouns, PrintStream out, PrintStream err, boolean trace) {
    this.nouns = List.copyOf(nouns);
    this.out = out;
    this.err = err;
    this.trace = trace;
  }

  /** How a command line ended. */
  public record Ending(int code, boolean usedLibtorch) {}

  /** Runs one command line; never throws. */
  public Ending run(String... typed) {
    String[] args = withDefaultVerb(typed);
    CommandLine root = root(args.length == 0 ? "" : args[0]);
    root.setOut(new PrintWriter(out, false, StandardCharsets.UTF_8));
    root.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    root.setExecutionStrategy(CommandTree::runLast);
    root.setParameterExceptionHandler((e, all) -> badParameters(e));
    root.setExecutionExceptionHandler((e, command, parsed) -> failed(e, root.getOut()));
    try {
      int code = args.length == 0 ? help(root) : root.execute(args);
      CommandLine last = last(root);
      if (code == ExitCode.DONE.code() && last.getExecutionResult() instanceof ExitCode answer) {
        code = answer.code();
      }
      root.getOut().flush();
      out.flush();
      return new Ending(code, usesLibtorch(last));
    } catch (Throwable e) {
      // Errors (no memory, a broken class path) and a closed pipe pass picocli's handler.
      return new Ending(failed(e, root.getOut()), usesLibtorch(last(root)));
    }
  }

  /** Adds the verb a noun takes when none was typed. */
  private String[] withDefaultVerb(String[] args) {
    for (Noun noun : nouns) {
      if (args.length < 2 || !noun.name().equals(args[0]) || noun.defaultVerb().isEmpty()) {
        continue;
      }
      List<String> verbs =
          noun.commands().stream()
              .map(each -> CommandSpec.forAnnotatedObject(each).name())
              .toList();
      String word = args[1];
      boolean slip = word.matches("[a-z-]+") && Nearest.of(word, verbs).isPresent();
      if (!verbs.contains(word) && !slip && !word.equals("-h") && !word.equals("--help")) {
        List<String> longer = new ArrayList<>(List.of(args));
        longer.add(1, noun.defaultVerb());
        return longer.toArray(String[]::new);
      }
    }
    return args;
  }

  /** Picocli prints the stack of what its own help throws, unless it is told it was a command. */
  private static int runLast(CommandLine.ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (PicocliException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new ExecutionException(parsed.commandSpec().commandLine(), "help", e);
    }
  }

  private int help(CommandLine root) {
    root.usage(root.getOut());
    return ExitCode.DONE.code();
  }

  /** The tree with the noun named {@code typed} grown out; the others are names and a line. */
  CommandLine root(String typed) {
    CommandSpec spec =
        CommandSpec.create()
            .name("banyan")
            .addOption(helpOption())
            .addOption(
                OptionSpec.builder("-V", "--version")
                    .versionHelp(true)
                    .description("Show the version and exit.")
                    .build())
            .version("banyan " + Version.current() + " (JDK " + Runtime.version() + ")");
    spec.usageMessage()
        .synopsisHeading("%nUsage: ")
        .customSynopsis("banyan COMMAND [OPTIONS]")
        .description("The whole life of a large model on the JVM.")
        .descriptionHeading("%n")
        .optionListHeading("%nOptions:%n")
        .footerHeading("%nExamples:%n")
        .footer(
            "  banyan life --scale tiny          a model of your own in a minute",
            "  banyan world write world          text, facts and skills to train on",
            "  banyan COMMAND -h                 what a command does, with an example");
    var root = new CommandLine(spec);
    Map<String, CommandLine.IHelpSectionRenderer> sections =
        new LinkedHashMap<>(root.getHelpSectionMap());
    sections.put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, help -> "");
    sections.put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, this::commandList);
    root.setHelpSectionMap(sections);
    List<String> order = new ArrayList<>(root.getHelpSectionKeys());
    order.remove(UsageMessageSpec.SECTION_KEY_COMMAND_LIST);
    order.add(
        order.indexOf(UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING),
        UsageMessageSpec.SECTION_KEY_COMMAND_LIST);
    root.setHelpSectionKeys(order);
    // Only now: what is set on a command goes down to the subcommands it has.
    for (Noun noun : nouns) {
      root.addSubcommand(noun.name(), noun.name().equals(typed) ? grown(noun) : bare(noun));
    }
    root.setCaseInsensitiveEnumValuesAllowed(true);
    return root;
  }

  private static CommandSpec bare(Noun noun) {
    CommandSpec spec = CommandSpec.create().name(noun.name());
    spec.usageMessage().description(noun.description()).hidden(noun.hidden());
    return spec;
  }

  private static CommandSpec grown(Noun noun) {
    if (noun.alone()) {
      CommandSpec spec = dressed(CommandSpec.forAnnotatedObject(noun.commands().getFirst()));
      spec.usageMessage().hidden(noun.hidden());
      return spec;
    }
    CommandSpec spec = bare(noun).addOption(helpOption());
    List<String> examples = new ArrayList<>();
    for (Class<?> verb : noun.commands()) {
      CommandSpec child = dressed(CommandSpec.forAnnotatedObject(verb));
      spec.addSubcommand(child.name(), child);
      for (String line : child.usageMessage().footer()) {
        examples.add(line);
      }
    }
    spec.usageMessage()
        .customSynopsis("banyan " + noun.name() + " COMMAND [OPTIONS]")
        .synopsisHeading("%nUsage: ")
        .descriptionHeading("%n")
        .optionListHeading("%nOptions:%n")
        .commandListHeading("%nCommands:%n")
        .footerHeading(examples.size() == 1 ? "%nExample:%n" : "%nExamples:%n")
        .footer(examples.toArray(String[]::new));
    return spec;
  }

  /** The look all commands share; a command's footer is its example. */
  private static CommandSpec dressed(CommandSpec spec) {
    if (spec.userObject() instanceof TakesSettings command) {
      SettingFlags.add(spec, command.settings());
    }
    if (spec.findOption("-h") == null) {
      spec.addOption(helpOption());
    }
    spec.usageMessage()
        .synopsisHeading("%nUsage: ")
        .descriptionHeading("%n")
        .parameterListHeading("%nArguments:%n")
        .optionListHeading("%nOptions:%n")
        .footerHeading(spec.usageMessage().footer().length > 1 ? "%nExamples:%n" : "%nExample:%n")
        .abbreviateSynopsis(true)
        .sortOptions(false)
        .width(100);
    return spec;
  }

  private static OptionSpec helpOption() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .order(9_999) // picocli subtracts orders: with the largest int they would overflow
        .description("Show this help and exit.")
        .build();
  }

  private String commandList(Help help) {
    int width = nouns.stream().mapToInt(noun -> noun.name().length()).max().orElse(0);
    Map<String, StringBuilder> rooms = new LinkedHashMap<>();
    for (Noun noun : nouns) {
      if (!noun.hidden()) {
        String padding = " ".repeat(width + 3 - noun.name().length());
        rooms
            .computeIfAbsent(noun.room(), room -> new StringBuilder())
            .append(help.colorScheme().commandText("  " + noun.name()))
            .append(padding + noun.description() + System.lineSeparator());
      }
    }
    var text = new StringBuilder();
    rooms.forEach(
        (room, lines) ->
            text.append(System.lineSeparator() + room + System.lineSeparator()).append(lines));
    return text.toString();
  }

  private int badParameters(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String what = null;
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      what = unknown(command, unmatched.getUnmatched().getFirst());
    } else if (!command.getSubcommands().isEmpty() && e.getArgSpec() == null) {
      command.usage(command.getErr());
      return ExitCode.BAD_INPUT.code();
    }
    if (what == null) {
      what = Failure.oneLine(String.valueOf(e.getMessage()));
    }
    err.println(name + ": " + what + " (" + name + " -h shows how)");
    if (trace) {
      e.printStackTrace(err);
    }
    return ExitCode.BAD_INPUT.code();
  }

  private static String unknown(CommandLine command, String word) {
    boolean option = word.startsWith("-") && word.length() > 1;
    String typed = option && word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
    List<String> known = new ArrayList<>();
    if (option) {
      command.getCommandSpec().options().forEach(each -> known.addAll(List.of(each.names())));
    } else {
      command
          .getSubcommands()
          .forEach(
              (name, each) -> {
                if (!each.getCommandSpec().usageMessage().hidden()) {
                  known.add(name);
                }
              });
    }
    String kind =
        option
            ? "there is no option "
            : command.getSubcommands().isEmpty()
                ? "one argument too many: "
                : "there is no command ";
    Optional<String> nearest = Nearest.of(typed, known);
    String hint = nearest.map(near -> "; did you mean '" + near + "'?").orElse("");
    return Failure.oneLine(kind + "'" + typed + "'" + hint);
  }

  private int failed(Throwable e, PrintWriter written) {
    Failure failure = Failure.of(e);
    // What was printed before the failure comes before the line about it, if it can be shown.
    if (failure.code() != Failure.PIPE_CLOSED) {
      flushQuietly(written);
    }
    if (!failure.line().isEmpty()) {
      err.println("banyan: " + failure.line());
    }
    if (trace) {
      e.printStackTrace(err);
    }
    return failure.code();
  }

  private void flushQuietly(PrintWriter written) {
    try {
      written.flush();
      out.flush();
    } catch (PipeClosedException e) {
      // the failure itself is what matters
    }
  }

  private static boolean usesLibtorch(CommandLine command) {
    Object user = command.getCommandSpec().userObject();
    return user != null && user.getClass().isAnnotationPresent(UsesLibtorch.class);
  }

  private static CommandLine last(CommandLine root) {
    CommandLine.@Nullable ParseResult parsed = root.getParseResult();
    if (parsed == null) {
      return root;
    }
    while (parsed.hasSubcommand()) {
      parsed = parsed.subcommand();
    }
    return parsed.commandSpec().commandLine();
  }
}
