package dev.banyan.model.template;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What writes or changes something. */
sealed interface Statement {
  int at();

  /** Text that is written as it stands. */
  record Data(int at, String text) implements Statement {}

  /** {@code {{ value }}}. */
  record Output(int at, Expression value) implements Statement {}

  /** Conditions and what follows each; the body behind the last is {@code otherwise}. */
  record If(
      int at, List<Expression> conditions, List<List<Statement>> bodies, List<Statement> otherwise)
      implements Statement {
    public If {
      conditions = List.copyOf(conditions);
      bodies = List.copyOf(bodies);
      otherwise = List.copyOf(otherwise);
    }
  }

  record For(
      int at,
      Target target,
      Expression items,
      @Nullable Expression condition,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {
    public For {
      body = List.copyOf(body);
      otherwise = List.copyOf(otherwise);
    }
  }

  record Break(int at) implements Statement {}

  record Continue(int at) implements Statement {}

  record Assign(int at, Target target, Expression value) implements Statement {}

  /** {@code {% set x | filters %}body{% endset %}}. */
  record SetBlock(int at, Target target, @Nullable Expression filters, List<Statement> body)
      implements Statement {
    public SetBlock {
      body = List.copyOf(body);
    }
  }

  record Macro(int at, String name, Signature signature, List<Statement> body)
      implements Statement {
    public Macro {
      body = List.copyOf(body);
    }
  }

  /** {@code {% call(parameters) callee(…) %}body{% endcall %}}. */
  record CallBlock(int at, Signature signature, Expression.Call call, List<Statement> body)
      implements Statement {
    public CallBlock {
      body = List.copyOf(body);
    }
  }

  record FilterBlock(int at, Expression filters, List<Statement> body) implements Statement {
    public FilterBlock {
      body = List.copyOf(body);
    }
  }

  record With(int at, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {
    public With {
      targets = List.copyOf(targets);
      values = List.copyOf(values);
      body = List.copyOf(body);
    }
  }

  /** {@code {% generation %}}: what the assistant said. */
  record Generation(int at, List<Statement> body) implements Statement {
    public Generation {
      body = List.copyOf(body);
    }
  }

  /** Where a value goes. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    /** An attribute of a namespace. */
    record Field(int at, String namespace, String name) implements Target {}

    /** A value of as many items is divided among them. */
    record Several(int at, List<Target> targets) implements Target {
      public Several {
        targets = List.copyOf(targets);
      }
    }
  }

  /**
   * Parameters of a macro.
   *
   * @param defaults for the last of them
   * @param mentioned which of {@code varargs}, {@code kwargs} and {@code caller} the body names
   */
  record Signature(List<String> parameters, List<Expression> defaults, Set<String> mentioned) {
    public Signature {
      parameters = List.copyOf(parameters);
      defaults = List.copyOf(defaults);
      mentioned = Set.copyOf(mentioned);
    }
  }
}
