package dev.banyan.model.template;

import dev.banyan.model.template.Statement.Signature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A macro or the body of a call block: text that depends on arguments. */
final class Macro implements Callable {
  private final String name;
  private final Signature signature;
  private final List<Statement> body;
  private final Scope around;
  private final Interpreter interpreter;

  Macro(
      String name,
      Signature signature,
      List<Statement> body,
      Scope around,
      Interpreter interpreter) {
    this.name = name;
    this.signature = signature;
    this.body = body;
    this.around = around;
    this.interpreter = interpreter;
  }

  @Override
  public @Nullable Value attribute(String wanted) {
    return switch (wanted) {
      case "name" -> Value.text(name);
      case "arguments" ->
          new Value.Items(
              signature.parameters().stream().map(each -> (Value) Value.text(each)).toList(),
              Value.Items.Kind.TUPLE);
      default -> null;
    };
  }

  @Override
  public Value call(Arguments given) {
    var scope = new Scope(around);
    var named = new LinkedHashMap<>(given.named());
    List<String> parameters = signature.parameters();
    int firstDefault = parameters.size() - signature.defaults().size();
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i);
      Value value = named.remove(parameter);
      if (i < given.positional().size()) {
        if (value != null) {
          throw Fault.of("macro '%s' is given '%s' twice".formatted(name, parameter));
        }
        value = given.positional().get(i);
      }
      if (value == null && i >= firstDefault) {
        value = interpreter.value(signature.defaults().get(i - firstDefault), scope);
      }
      scope.set(
          parameter,
          value == null ? new Missing("parameter '" + parameter + "' was not provided") : value);
    }
    rest(given, named, scope);
    return Value.text(interpreter.text(body, scope));
  }

  /** What no parameter takes: caller, kwargs and varargs where the body names them. */
  private void rest(Arguments given, Map<String, Value> named, Scope scope) {
    if (signature.mentioned().contains("caller") && !signature.parameters().contains("caller")) {
      Value caller = named.remove("caller");
      scope.set("caller", caller == null ? new Missing("No caller defined") : caller);
    }
    if (signature.mentioned().contains("kwargs")) {
      var dict = new Dict();
      named.forEach(dict::put);
      scope.set("kwargs", dict);
    } else if (!named.isEmpty()) {
      throw Fault.of(
          "macro '%s' takes no keyword argument '%s'"
              .formatted(name, named.keySet().iterator().next()));
    }
    int taken = Math.min(signature.parameters().size(), given.positional().size());
    List<Value> more = given.positional().subList(taken, given.positional().size());
    if (signature.mentioned().contains("varargs")) {
      scope.set("varargs", new Value.Items(List.copyOf(more), Value.Items.Kind.TUPLE));
    } else if (!more.isEmpty()) {
      throw Fault.of(
          "macro '%s' takes not more than %d argument(s)"
              .formatted(name, signature.parameters().size()));
    }
  }
}
