package dev.banyan.tensor;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.IntType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/** Calls operators that have no Java binding, through libtorch's boxed dispatcher. */
final class Boxed {
  /** Made once: the bindings never free the count of one that is made from the singleton. */
  private static final Type.TypePtr INT = intType();

  private Boxed() {}

  private static Type.TypePtr intType() {
    Libtorch.ensureStarted();
    var type = new Type.TypePtr(IntType.getIntTypePtr().get());
    type.retainReference(); // kept by this class, whatever scope is open now
    return type;
  }

  static OperatorHandle find(String name, String overload) {
    Libtorch.ensureStarted();
    OperatorHandle handle = Dispatcher.singleton().findSchemaOrThrow(name, overload);
    handle.retainReference(); // kept by its finder, whatever scope is open now
    return handle;
  }

  /**
   * @return the results in their order
   */
  static IValueVector call(OperatorHandle operator, List<IValue> arguments) {
    IValueVector stack = new IValueVector();
    for (IValue argument : arguments) {
      stack.push_back(argument);
    }
    Dispatcher.singleton().callBoxed(operator, stack);
    return stack;
  }

  /** An empty list of whole numbers, to be filled. */
  static GenericList ints() {
    return new GenericList(INT);
  }

  /** A Tensor[] argument. */
  static IValue tensors(List<Tensor> tensors) {
    GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
    for (Tensor tensor : tensors) {
      list.push_back(new IValue(tensor.raw()));
    }
    return new IValue(list);
  }
}
