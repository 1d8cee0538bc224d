package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorHandleOptional;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DispatchKey;
import org.bytedeco.pytorch.global.torch.Layout;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.TypeKind;

/**
 * An operator of libtorch called by its name, as graphs of PyTorch name them: {@code aten::add}
 * with overload {@code Tensor}. Arguments are turned into what its schema asks for.
 */
public final class AtenOperator {
  private final String name;
  private final String overload;
  private final OperatorHandle handle;
  private final List<Formal> formals;

  /** One argument of the schema. */
  private record Formal(String name, Type type, String spelled, boolean out, Argument argument) {}

  private AtenOperator(String name, String overload, OperatorHandle handle) {
    this.name = name;
    this.overload = overload;
    this.handle = handle;
    this.formals = formals(handle.schema());
  }

  /**
   * @param name with its namespace, for example {@code aten::mm}
   * @param overload empty for the default one
   * @return empty when this libtorch has none of that name
   */
  public static Optional<AtenOperator> find(String name, String overload) {
    Libtorch.ensureStarted();
    OperatorHandleOptional found =
        Dispatcher.singleton().findSchema(new OperatorName(name, overload));
    if (!found.has_value()) {
      return Optional.empty();
    }
    OperatorHandle handle = new OperatorHandle(found.get());
    handle.retainReference(); // kept by its finder, whatever scope is open now
    return Optional.of(new AtenOperator(name, overload, handle));
  }

  /**
   * The form of this operator that writes into tensors it is given: the same name, the same other
   * arguments by name and type, and a kernel of its own on the processor. Names alone do not
   * decide: {@code pow.Scalar} and {@code pow.Tensor_Tensor_out} call theirs alike.
   */
  public Optional<AtenOperator> outForm() {
    return OutForms.of(name).stream()
        .flatMap(each -> find(name, each).stream())
        .filter(each -> each.writesWhatThisReturns(this))
        .filter(each -> each.handle.hasKernelForDispatchKey(DispatchKey.CPU))
        .findFirst();
  }

  private boolean writesWhatThisReturns(AtenOperator functional) {
    List<String> own = new ArrayList<>();
    formals.stream().filter(f -> !f.out()).forEach(f -> own.add(f.name() + " " + f.spelled()));
    List<String> others = new ArrayList<>();
    functional.formals.forEach(f -> others.add(f.name() + " " + f.spelled()));
    return own.size() < formals.size() && own.equals(others);
  }

  /** The tensors the out form wants, in the order the functional form returns them. */
  public int outs() {
    return (int) formals.stream().filter(Formal::out).count();
  }

  /**
   * Calls it.
   *
   * @param args by position
   * @param kwargs by name; what neither gives has the schema's default
   * @return its tensors, those of a list one by one; empty where it returned none
   * @throws IllegalArgumentException for arguments that do not fit the schema
   */
  public List<Optional<Tensor>> call(List<AtenValue> args, Map<String, AtenValue> kwargs) {
    return tensors(Boxed.call(handle, stack(args, kwargs, List.of())));
  }

  /** Calls an {@link #outForm}; the results are in {@code outs}. */
  public void callInto(List<AtenValue> args, Map<String, AtenValue> kwargs, List<Tensor> outs) {
    Boxed.call(handle, stack(args, kwargs, outs));
  }

  private List<IValue> stack(
      List<AtenValue> args, Map<String, AtenValue> kwargs, List<Tensor> outs) {
    List<IValue> stack = new ArrayList<>(formals.size());
    int out = 0;
    for (int i = 0; i < formals.size(); i++) {
      Formal formal = formals.get(i);
      if (formal.out() && !outs.isEmpty()) {
        stack.add(new IValue(outs.get(out++).raw()));
      } else if (i < args.size()) {
        stack.add(boxed(args.get(i), formal.type()));
      } else if (kwargs.containsKey(formal.name())) {
        stack.add(boxed(kwargs.get(formal.name()), formal.type()));
      } else if (formal.argument().default_value().has_value()) {
        stack.add(formal.argument().default_value().get());
      } else {
        throw new IllegalArgumentException(this + ": argument " + formal.name() + " is missing");
      }
    }
    return stack;
  }

  private IValue boxed(AtenValue value, Type formal) {
    Type type = is(formal, TypeKind.OptionalType) ? formal.containedType(0).get() : formal;
    if (is(type, TypeKind.ListType) && !(value instanceof AtenValue.None)) {
      List<AtenValue> items = value instanceof AtenValue.Many many ? many.items() : List.of(value);
      return list(items, type.containedType(0));
    }
    return switch (value) {
      case AtenValue.None none -> new IValue();
      case AtenValue.Many many ->
          throw new IllegalArgumentException(this + ": a list for " + formal.str().getString());
      case AtenValue.OfTensor tensor -> new IValue(tensor.tensor().raw());
      case AtenValue.Int whole -> number(new Scalar(whole.value()), type);
      case AtenValue.Real real -> number(new Scalar(real.value()), type);
      case AtenValue.Bool flag -> new IValue(flag.value());
      case AtenValue.Text text -> new IValue(text.value());
      case AtenValue.Type dtype -> new IValue((long) dtype.value().scalarType().value);
      case AtenValue.Processor cpu -> new IValue(new Device("cpu"));
      case AtenValue.Format format -> new IValue(format(format.name()));
    };
  }

  private static IValue number(Scalar number, Type type) {
    if (is(type, TypeKind.TensorType)) {
      // as Python's x + 1: a tensor that does not widen the other's type
      return new IValue(torch.wrapped_scalar_tensor(number));
    }
    if (is(type, TypeKind.FloatType)) {
      return new IValue(number.toDouble());
    }
    return number.isFloatingPoint() ? new IValue(number.toDouble()) : new IValue(number.toLong());
  }

  private static boolean is(Type type, TypeKind kind) {
    return type.kind().value == kind.value;
  }

  private IValue list(List<AtenValue> items, Type.TypePtr element) {
    // sizes are plain integers here; a list of them is taken for one of symbols too
    boolean symbols = is(element.get(), TypeKind.SymIntType);
    GenericList list = symbols ? Boxed.ints() : new GenericList(element);
    for (AtenValue item : items) {
      list.push_back(boxed(item, element.get()));
    }
    return new IValue(list);
  }

  private long format(String format) {
    return switch (format) {
      case "strided" -> Layout.Strided.value;
      case "contiguous_format" -> MemoryFormat.Contiguous.value;
      case "preserve_format" -> MemoryFormat.Preserve.value;
      case "channels_last" -> MemoryFormat.ChannelsLast.value;
      case "channels_last_3d" -> MemoryFormat.ChannelsLast3d.value;
      default -> throw new IllegalArgumentException(this + ": no memory format '" + format + "'");
    };
  }

  private static List<Optional<Tensor>> tensors(IValueVector results) {
    List<Optional<Tensor>> tensors = new ArrayList<>();
    for (long i = 0; i < results.size(); i++) {
      IValue result = results.get(i);
      if (result.isTensorList()) {
        TensorVector list = result.toTensorVector();
        for (long k = 0; k < list.size(); k++) {
          tensors.add(defined(list.get(k)));
        }
      } else {
        tensors.add(result.isTensor() ? defined(result.toTensor()) : Optional.empty());
      }
    }
    return tensors;
  }

  private static Optional<Tensor> defined(org.bytedeco.pytorch.Tensor raw) {
    return raw.defined() ? Optional.of(new Tensor(raw)) : Optional.empty();
  }

  private static List<Formal> formals(FunctionSchema schema) {
    Argument arguments = schema.arguments();
    List<Formal> formals = new ArrayList<>();
    for (long i = 0; i < arguments.limit(); i++) {
      Argument argument = arguments.getPointer(i);
      argument.retainReference();
      Type type = argument.real_type().get();
      type.retainReference();
      formals.add(
          new Formal(
              argument.name().getString(),
              type,
              type.str().getString(),
              argument.is_out(),
              argument));
    }
    return List.copyOf(formals);
  }

  /** For example {@code aten::add.Tensor}. */
  @Override
  public String toString() {
    return overload.isEmpty() ? name : name + "." + overload;
  }
}
