package dev.banyan.plan.read.hlo;

import dev.banyan.core.UserInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the text of an HLO module, as {@code --xla_dump_hlo_as_text} writes it: one instruction a
 * line, {@code name = shape opcode(operands), attributes}; the entry computation is marked {@code
 * ENTRY}, its result {@code ROOT}. Faults name the line.
 */
final class HloText {
  private static final int LIMIT_LINES = 8_000_000;

  private final String source;
  private final List<HloModule.Computation> computations = new ArrayList<>();
  private final Map<String, Long> computationIds = new HashMap<>();
  private final Map<String, Long> names = new HashMap<>();
  private List<HloInstruction> open = new ArrayList<>();
  private String computation = "";
  private boolean inside;
  private boolean entering;
  private long entry = -1;
  private long root = -1;
  private long nextId;
  private String header = "";
  private String line = "";
  private int lineNumber;
  private int at;

  private HloText(String source) {
    this.source = source;
  }

  static HloModule read(String source, String text) {
    var reader = new HloText(source);
    text.lines().forEach(reader::line);
    return reader.module();
  }

  private HloModule module() {
    if (inside) {
      throw bad("the file ends inside computation '" + computation + "'");
    }
    if (entry < 0) {
      throw bad("there is no computation marked ENTRY");
    }
    boolean scheduled = header.contains("is_scheduled=true");
    String name = header.replaceFirst("^HloModule\\s+", "").replaceFirst("[,\\s].*", "");
    return new HloModule(name, computations, entry, aliases(), scheduled);
  }

  private void line(String raw) {
    lineNumber++;
    if (lineNumber > LIMIT_LINES) {
      throw bad("more than " + LIMIT_LINES + " lines");
    }
    line = raw.contains("/*") ? raw.replaceAll("/\\*[^*]*\\*/", "") : raw;
    String stripped = line.strip();
    if (header.isEmpty()) {
      if (stripped.startsWith("HloModule")) {
        header = stripped;
      } else if (!stripped.isEmpty() && !stripped.startsWith("//")) {
        throw bad("expected 'HloModule', found '" + shortened(stripped) + "'");
      }
    } else if (inside && stripped.startsWith("}")) {
      close();
    } else if (inside && stripped.contains(" = ")) {
      instruction();
    } else if (!inside && stripped.endsWith("{") && !stripped.contains(" = ")) {
      begin(stripped);
    }
  }

  private void begin(String stripped) {
    entering = stripped.startsWith("ENTRY");
    String rest = entering ? stripped.substring("ENTRY".length()).strip() : stripped;
    computation = name(rest.split("[\\s({]", 2)[0]);
    inside = true;
    open = new ArrayList<>();
    names.clear();
    root = -1;
  }

  private void close() {
    if (open.isEmpty()) {
      throw bad("computation '" + computation + "' is empty");
    }
    inside = false;
    long id = computations.size() + 1L;
    long result = root < 0 ? open.getLast().id() : root;
    computations.add(new HloModule.Computation(id, computation, open, result, false));
    computationIds.put(computation, id);
    if (entering) {
      entry = id;
    }
  }

  private void instruction() {
    at = 0;
    blank();
    boolean isRoot = line.startsWith("ROOT ", at);
    at += isRoot ? 5 : 0;
    int equals = line.indexOf(" = ", at);
    String called = name(line.substring(at, equals).strip());
    at = equals + 3;
    HloShape shape = shape(0);
    blank();
    int bracket = line.indexOf('(', at);
    if (bracket < 0) {
      throw bad("instruction '" + called + "' has no operands in brackets");
    }
    String opcode = line.substring(at, bracket).strip();
    int end = closing(bracket);
    String inBrackets = line.substring(bracket + 1, end);
    String rest = line.substring(end + 1);
    long number = 0;
    List<Long> operands = new ArrayList<>();
    if (opcode.equals("parameter")) {
      number = number(inBrackets.strip());
    } else if (!opcode.equals("constant") && !opcode.equals("iota")) {
      for (String each : split(inBrackets)) {
        operands.add(operand(called, each));
      }
    }
    if (opcode.equals("get-tuple-element")) {
      number = number(attribute(rest, "index="));
    }
    List<Long> before = new ArrayList<>();
    for (String each : listed(rest, "control-predecessors={")) {
      before.add(operand(called, each));
    }
    List<Long> calls = new ArrayList<>();
    for (String key : List.of("calls=", "to_apply=", "body=", "condition=")) {
      String one = attribute(rest, key);
      if (!one.isEmpty() && !one.startsWith("{")) {
        calls.add(computation(called, one));
      }
    }
    for (String key : List.of("branch_computations={", "called_computations={")) {
      for (String each : listed(rest, key)) {
        calls.add(computation(called, each));
      }
    }
    long id = ++nextId;
    if (names.put(called, id) != null) {
      throw bad("two instructions of computation '" + computation + "' are called " + called);
    }
    root = isRoot ? id : root;
    boolean effect =
        HloGraph.hasEffect(opcode) || rest.contains("custom_call_has_side_effect=true");
    open.add(
        new HloInstruction(id, called, opcode, shape, operands, before, calls, number, effect));
  }

  private long computation(String of, String written) {
    Long id = computationIds.get(name(written.strip()));
    if (id == null) {
      throw bad("instruction '" + of + "' calls '" + written + "', which is not before it");
    }
    return id;
  }

  /** An operand may be written with its shape before its name. */
  private long operand(String of, String written) {
    String[] words = written.strip().split("\\s+");
    Long id = names.get(name(words[words.length - 1]));
    if (id == null) {
      throw bad(
          "instruction '" + of + "' reads '" + shortened(written) + "', which is not before it");
    }
    return id;
  }

  private HloShape shape(int depth) {
    if (depth > 64) {
      throw bad("tuples lie more than 64 deep in one another");
    }
    blank();
    if (at < line.length() && line.charAt(at) == '(') {
      at++;
      List<HloShape> parts = new ArrayList<>();
      blank();
      while (at < line.length() && line.charAt(at) != ')') {
        parts.add(shape(depth + 1));
        blank();
        if (at < line.length() && line.charAt(at) == ',') {
          at++;
          blank();
        }
      }
      at++;
      return new HloShape("tuple", List.of(), parts, false);
    }
    int start = at;
    while (at < line.length() && Character.isLetterOrDigit(line.charAt(at))) {
      at++;
    }
    String type = line.substring(start, at);
    if (!HloType.isName(type) || at >= line.length() || line.charAt(at) != '[') {
      throw bad(
          "expected a shape such as f32[2,3], found '" + shortened(line.substring(start)) + "'");
    }
    int end = line.indexOf(']', at);
    if (end < 0) {
      throw bad("a shape ends inside its brackets");
    }
    String inner = line.substring(at + 1, end).strip();
    at = end + 1;
    if (at < line.length() && line.charAt(at) == '{') {
      at = closing(at) + 1;
    }
    List<Long> dimensions = new ArrayList<>();
    boolean dynamic = inner.contains("<=") || inner.contains("?");
    for (String each : inner.isEmpty() ? new String[0] : inner.split(",", -1)) {
      String digits = each.strip().replaceFirst("^<=", "");
      dimensions.add(digits.equals("?") ? 0 : number(digits));
    }
    return new HloShape(type, dimensions, List.of(), dynamic);
  }

  private long number(String digits) {
    try {
      long number = Long.parseLong(digits);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw bad("expected a whole number, found '" + shortened(digits) + "'");
  }

  /** The bracket that closes the one at {@code start}, whatever stands in quotes between. */
  private int closing(int start) {
    int depth = 0;
    boolean quoted = false;
    for (int i = start; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"' && line.charAt(i - 1) != '\\') {
        quoted = !quoted;
      } else if (!quoted && (c == '(' || c == '{' || c == '[')) {
        depth++;
      } else if (!quoted && (c == ')' || c == '}' || c == ']') && --depth == 0) {
        return i;
      }
    }
    throw bad("a bracket is not closed");
  }

  private static List<String> split(String list) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      depth += c == '(' || c == '{' || c == '[' ? 1 : c == ')' || c == '}' || c == ']' ? -1 : 0;
      if (c == ',' && depth == 0) {
        parts.add(list.substring(start, i));
        start = i + 1;
      }
    }
    if (!list.substring(start).isBlank()) {
      parts.add(list.substring(start));
    }
    return parts;
  }

  private static String attribute(String rest, String key) {
    int found = rest.indexOf(" " + key);
    if (found < 0) {
      return "";
    }
    int start = found + 1 + key.length();
    int end = start;
    while (end < rest.length() && ",} ".indexOf(rest.charAt(end)) < 0) {
      end++;
    }
    return rest.substring(start, end);
  }

  private static List<String> listed(String rest, String key) {
    int found = rest.indexOf(" " + key);
    if (found < 0) {
      return List.of();
    }
    int start = found + 1 + key.length();
    int end = rest.indexOf('}', start);
    String inner = end < 0 ? rest.substring(start) : rest.substring(start, end);
    return Arrays.stream(inner.split(",")).filter(each -> !each.isBlank()).toList();
  }

  /** {@code input_output_alias={ {0}: (0, {}, may-alias), … }}. */
  private List<HloModule.Alias> aliases() {
    List<HloModule.Alias> aliases = new ArrayList<>();
    int found = header.indexOf("input_output_alias={");
    if (found < 0) {
      return aliases;
    }
    var entryOf =
        java.util.regex.Pattern.compile("\\{([\\d, ]*)\\}: \\((\\d+), \\{([\\d, ]*)\\}")
            .matcher(header);
    while (entryOf.find()) {
      aliases.add(
          new HloModule.Alias(
              indices(entryOf.group(1)), number(entryOf.group(2)), indices(entryOf.group(3))));
    }
    return aliases;
  }

  private List<Long> indices(String list) {
    List<Long> indices = new ArrayList<>();
    for (String each : list.split(",")) {
      if (!each.isBlank()) {
        indices.add(number(each.strip()));
      }
    }
    return indices;
  }

  private void blank() {
    while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
      at++;
    }
  }

  private static String name(String written) {
    return written.startsWith("%") ? written.substring(1) : written;
  }

  private static String shortened(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "…" : text;
  }

  private UserInputException bad(String what) {
    return new UserInputException(source + ": line " + lineNumber + ": " + what);
  }
}
