package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.OperatorName;

/** The overloads of every operator, by its name, as they are registered. */
final class OutForms {
  private static final Map<String, List<String>> OVERLOADS = registered();

  private OutForms() {}

  static List<String> of(String name) {
    return OVERLOADS.getOrDefault(name, List.of());
  }

  private static Map<String, List<String>> registered() {
    try (Scope scope = Scope.open()) {
      Map<String, List<String>> overloads = new HashMap<>();
      OperatorName names = Dispatcher.singleton().getAllOpNames();
      for (long i = 0; i < names.limit(); i++) {
        OperatorName each = new OperatorName(names.getPointer(i));
        BytePointer overload = each.overload_name(); // null for the default one
        if (overload != null) {
          overloads
              .computeIfAbsent(each.name().getString(), name -> new ArrayList<>())
              .add(overload.getString());
        }
      }
      overloads.values().forEach(list -> list.sort(null));
      return Map.copyOf(overloads);
    }
  }
}
