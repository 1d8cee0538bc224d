package dev.banyan.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * An n-dimensional array of libtorch with its gradient record. Operations that end in an underscore
 * change the tensor in place and return it; all others give a new tensor (views share storage, as
 * in PyTorch). Native memory is freed by the surrounding {@link Scope}; a wrong shape or type
 * throws {@link RuntimeException} with libtorch's message.
 */
public final class Tensor implements AutoCloseable {
  private final org.bytedeco.pytorch.Tensor raw;

  Tensor(org.bytedeco.pytorch.Tensor raw) {
    this.raw = raw;
  }

  org.bytedeco.pytorch.Tensor raw() {
    return raw;
  }

  /** Releases one reference; for tensors that {@link Scope#keep} let out. */
  @Override
  public void close() {
    raw.releaseReference();
  }

  // ---- making

  public static Tensor empty(DType dtype, long... shape) {
    Libtorch.ensureStarted();
    return new Tensor(
        torch.empty(shape, options(dtype), new org.bytedeco.pytorch.MemoryFormatOptional()));
  }

  public static Tensor zeros(DType dtype, long... shape) {
    Libtorch.ensureStarted();
    return new Tensor(torch.zeros(shape, options(dtype)));
  }

  public static Tensor full(double value, DType dtype, long... shape) {
    return empty(dtype, shape).fill_(value);
  }

  public static Tensor of(float[] values, long... shape) {
    Tensor tensor = empty(DType.F32, shapeOf(values.length, shape));
    MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_FLOAT, 0, values.length);
    return tensor;
  }

  public static Tensor of(long[] values, long... shape) {
    Tensor tensor = empty(DType.I64, shapeOf(values.length, shape));
    MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_LONG, 0, values.length);
    return tensor;
  }

  public static Tensor of(int[] values, long... shape) {
    Tensor tensor = empty(DType.I64, shapeOf(values.length, shape));
    MemorySegment memory = tensor.memory();
    for (int i = 0; i < values.length; i++) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, i, values[i]);
    }
    return tensor;
  }

  /**
   * A tensor over memory that is not libtorch's own (a mapped file), without copying. The memory
   * must be native, aligned to the element, hold the whole shape and outlive the tensor.
   */
  public static Tensor over(MemorySegment memory, DType dtype, long... shape) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("a tensor can only lie over native memory");
    }
    long bytes = count(shape) * dtype.bytes();
    if (memory.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "shape needs " + bytes + " bytes, the memory has " + memory.byteSize());
    }
    Libtorch.ensureStarted();
    return new Tensor(torch.from_blob(new Address(memory.address(), bytes), shape, options(dtype)));
  }

  /**
   * As {@link #over(MemorySegment, DType, long...)}, with neighbours of each dimension this many
   * elements apart.
   *
   * @throws IllegalArgumentException when an element would lie outside the memory
   */
  public static Tensor over(MemorySegment memory, DType dtype, long[] shape, long[] strides) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("a tensor can only lie over native memory");
    }
    long last = 0;
    for (int i = 0; i < shape.length; i++) {
      if (strides[i] < 0) {
        throw new IllegalArgumentException("stride " + strides[i] + " is negative");
      }
      last = Math.addExact(last, Math.multiplyExact(Math.max(0, shape[i] - 1), strides[i]));
    }
    long bytes = count(shape) == 0 ? 0 : Math.multiplyExact(last + 1, (long) dtype.bytes());
    if (memory.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "shape needs " + bytes + " bytes, the memory has " + memory.byteSize());
    }
    Libtorch.ensureStarted();
    return new Tensor(
        torch.from_blob(new Address(memory.address(), bytes), shape, strides, options(dtype)));
  }

  public static Tensor arange(long end) {
    Libtorch.ensureStarted();
    return new Tensor(torch.arange(new Scalar(end), options(DType.I64)));
  }

  // ---- shape and type

  public long[] shape() {
    long[] shape = new long[(int) raw.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = raw.size(i);
    }
    return shape;
  }

  public long size(int dim) {
    return raw.size(dim);
  }

  public int dim() {
    return (int) raw.dim();
  }

  public long count() {
    return raw.numel();
  }

  public DType dtype() {
    return DType.of(raw.scalar_type());
  }

  /** The same values as another type; the same tensor when it has that type already. */
  public Tensor to(DType dtype) {
    return dtype() == dtype ? this : new Tensor(raw.to(dtype.scalarType()));
  }

  public Tensor reshape(long... shape) {
    return new Tensor(raw.reshape(shape));
  }

  public Tensor view(long... shape) {
    return new Tensor(raw.view(shape));
  }

  public Tensor transpose(int a, int b) {
    return new Tensor(raw.transpose(a, b));
  }

  public Tensor permute(long... order) {
    return new Tensor(raw.permute(order));
  }

  public Tensor unsqueeze(int dim) {
    return new Tensor(raw.unsqueeze(dim));
  }

  public Tensor squeeze(int dim) {
    return new Tensor(raw.squeeze(dim));
  }

  public Tensor expand(long... shape) {
    return new Tensor(raw.expand(shape));
  }

  public Tensor contiguous() {
    return new Tensor(raw.contiguous());
  }

  /** The part [start, start + length) of a dimension, a view. */
  public Tensor narrow(int dim, long start, long length) {
    return new Tensor(raw.narrow(dim, start, length));
  }

  /** One index of a dimension, which disappears; a view. */
  public Tensor select(int dim, long index) {
    return new Tensor(raw.select(dim, index));
  }

  public Tensor indexSelect(int dim, Tensor index) {
    return new Tensor(raw.index_select(dim, index.raw));
  }

  public Tensor gather(int dim, Tensor index) {
    return new Tensor(raw.gather(dim, index.raw));
  }

  /** Neighbouring parts of these sizes along a dimension, views that share one gradient. */
  public List<Tensor> split(int dim, long... sizes) {
    TensorVector parts = raw.split_with_sizes(sizes, dim);
    List<Tensor> tensors = new ArrayList<>(sizes.length);
    for (int i = 0; i < sizes.length; i++) {
      tensors.add(new Tensor(parts.get(i)));
    }
    return tensors;
  }

  /** Shifts a dimension cyclically by this many places to the right. */
  public Tensor roll(int dim, long shift) {
    return new Tensor(torch.roll(raw, new long[] {shift}, dim));
  }

  /** this + a · b, elementwise. */
  public Tensor addProduct(Tensor a, Tensor b) {
    return new Tensor(raw.addcmul(a.raw, b.raw));
  }

  public static Tensor cat(List<Tensor> parts, int dim) {
    return new Tensor(torch.cat(vector(parts), dim));
  }

  public static Tensor stack(List<Tensor> parts, int dim) {
    return new Tensor(torch.stack(vector(parts), dim));
  }

  // ---- arithmetic (broadcasting as in PyTorch)

  public Tensor add(Tensor other) {
    return new Tensor(raw.add(other.raw));
  }

  public Tensor add(double value) {
    return new Tensor(raw.add(new Scalar(value)));
  }

  public Tensor sub(Tensor other) {
    return new Tensor(raw.sub(other.raw));
  }

  public Tensor mul(Tensor other) {
    return new Tensor(raw.mul(other.raw));
  }

  public Tensor mul(double value) {
    return new Tensor(raw.mul(new Scalar(value)));
  }

  public Tensor div(Tensor other) {
    return new Tensor(raw.div(other.raw));
  }

  public Tensor neg() {
    return new Tensor(raw.neg());
  }

  public Tensor exp() {
    return new Tensor(raw.exp());
  }

  public Tensor log() {
    return new Tensor(raw.log());
  }

  public Tensor cos() {
    return new Tensor(raw.cos());
  }

  public Tensor sin() {
    return new Tensor(raw.sin());
  }

  public Tensor pow(double exponent) {
    return new Tensor(raw.pow(new Scalar(exponent)));
  }

  public Tensor rsqrt() {
    return new Tensor(raw.rsqrt());
  }

  public Tensor sigmoid() {
    return new Tensor(raw.sigmoid());
  }

  public Tensor silu() {
    return new Tensor(torch.silu(raw));
  }

  public Tensor sum() {
    return new Tensor(raw.sum());
  }

  public Tensor sum(int dim, boolean keepDim) {
    return new Tensor(raw.sum(new long[] {dim}, keepDim, new ScalarTypeOptional()));
  }

  public Tensor mean() {
    return new Tensor(raw.mean());
  }

  public Tensor mean(int dim, boolean keepDim) {
    return new Tensor(raw.mean(new long[] {dim}, keepDim, new ScalarTypeOptional()));
  }

  public Tensor matmul(Tensor other) {
    return new Tensor(torch.matmul(raw, other.raw));
  }

  /** this · weightᵀ, [..., in] × [out, in] → [..., out]. */
  public Tensor linear(Tensor weight) {
    return new Tensor(torch.linear(raw, weight.raw));
  }

  /** this · weightᵀ + bias. */
  public Tensor linear(Tensor weight, Tensor bias) {
    return new Tensor(torch.linear(raw, weight.raw, bias.raw));
  }

  /** Rows of this table [rows, width] at ids of any shape → [..., width]. */
  public Tensor embedding(Tensor ids) {
    return new Tensor(torch.embedding(raw, ids.raw));
  }

  public Tensor softmax(int dim) {
    return new Tensor(torch.softmax(raw, dim));
  }

  public Tensor logSoftmax(int dim) {
    return new Tensor(torch.log_softmax(raw, dim));
  }

  /** The k largest values along the last dimension, descending, with their indices. */
  public TopK topk(long k) {
    T_TensorTensor_T pair = torch.topk(raw, k, -1, true, true);
    return new TopK(new Tensor(pair.get0()), new Tensor(pair.get1()));
  }

  /** Values and their indices, both [..., k]. */
  public record TopK(Tensor values, Tensor indices) {}

  public Tensor argmax(int dim) {
    return new Tensor(raw.argmax(new org.bytedeco.pytorch.LongOptional(dim), false));
  }

  public Tensor maskedFill(Tensor mask, double value) {
    return new Tensor(raw.masked_fill(mask.raw, new Scalar(value)));
  }

  public Tensor eq(double value) {
    return new Tensor(raw.eq(new Scalar(value)));
  }

  public Tensor nonzero() {
    return new Tensor(torch.nonzero(raw));
  }

  /**
   * Scaled dot-product attention (Vaswani et al. 2017) with grouped key-value heads.
   *
   * @param key [batch, kvHeads, keys, headDim]; this is the query [batch, heads, queries, headDim]
   * @param value [batch, kvHeads, keys, headDim]
   * @param mask true where a query may look, broadcast to [batch, heads, queries, keys]; empty with
   *     {@code causal} or when every key is visible
   * @return [batch, heads, queries, headDim]
   */
  public Tensor attention(
      Tensor key, Tensor value, Optional<Tensor> mask, boolean causal, double scale) {
    TensorOptional maskOrNone =
        mask.map(m -> new TensorOptional(m.raw)).orElseGet(TensorOptional::new);
    boolean grouped = raw.size(1) != key.raw.size(1);
    return new Tensor(
        torch.scaled_dot_product_attention(
            raw,
            key.raw,
            value.raw,
            maskOrNone,
            0.0,
            causal,
            new org.bytedeco.pytorch.DoubleOptional(scale),
            grouped));
  }

  /** Root-mean-square normalisation of the last dimension (Zhang and Sennrich 2019), weighted. */
  public Tensor rmsNorm(Tensor weight, double epsilon) {
    requireShape(weight, new long[] {size(-1)});
    if (Fused.takes(this, weight) && Fused.takesWeight(this, weight)) {
      return RmsNorm.apply(this, weight, epsilon);
    }
    return new Tensor(
        torch.rms_norm(
            raw,
            new long[] {raw.size(-1)},
            new TensorOptional(weight.raw),
            new org.bytedeco.pytorch.DoubleOptional(epsilon)));
  }

  /**
   * silu(this) · up, elementwise (Shazeer 2020); this is the gate.
   *
   * @param up has the shape of this
   */
  public Tensor swiglu(Tensor up) {
    requireShape(up, shape());
    return Fused.takes(this, up) ? Swiglu.apply(this, up) : silu().mul(up);
  }

  /**
   * Turns the heads of tokens by their positions' angles (Su et al. 2021); dimension {@code i} of a
   * head is paired with {@code i + headDim/2}, as in transformers. Gradients flow to this alone.
   *
   * @param cosines headDim/2 for each token in order, of any shape, times any magnification; fewer
   *     tokens than this has are used again from the first. {@code sines} likewise
   * @return the shape of this, [..., tokens, heads, headDim], contiguous
   */
  public Tensor rope(Tensor cosines, Tensor sines) {
    long half = requireAngles(cosines, sines);
    if (Fused.takes(this, cosines, sines)) {
      return Rope.apply(this, cosines, sines);
    }
    Tensor flat = reshape(-1, cosines.count() / half, size(-2), 2 * half);
    Tensor cos = cosines.reshape(-1, 1, half);
    Tensor sin = sines.reshape(-1, 1, half);
    Tensor first = flat.narrow(3, 0, half);
    Tensor second = flat.narrow(3, half, half);
    return cat(List.of(first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))), 3)
        .reshape(shape());
  }

  private long requireAngles(Tensor cosines, Tensor sines) {
    if (dim() < 3 || size(-1) % 2 != 0) {
      throw new IllegalArgumentException(
          "rope needs [..., tokens, heads, headDim] with an even headDim, got " + this);
    }
    long half = size(-1) / 2;
    long tokens = count() / (2 * half * size(-2));
    if (cosines.count() != sines.count()
        || cosines.count() % half != 0
        || tokens % (cosines.count() / half) != 0) {
      throw new IllegalArgumentException(
          "angles " + cosines + " and " + sines + " do not fit " + tokens + " tokens of " + this);
    }
    return half;
  }

  private void requireShape(Tensor other, long[] shape) {
    if (!java.util.Arrays.equals(other.shape(), shape)) {
      throw new IllegalArgumentException(this + " and " + other + " must have the same shape");
    }
  }

  /** Target of {@link #crossEntropy} that counts for nothing. */
  public static final long IGNORED = -100;

  /**
   * Negative log-likelihood in nats of targets [rows] under logits [rows, classes] (this), targets
   * {@link #IGNORED} left out.
   *
   * @return the mean over counted rows, or their sum
   */
  public Tensor crossEntropy(Tensor targets, boolean mean) {
    if (Fused.takes(this) && dim() == 2 && targets.dtype() == DType.I64) {
      requireShape(targets, new long[] {size(0)});
      return CrossEntropy.apply(this, targets, mean);
    }
    return new Tensor(
        torch.cross_entropy_loss(
            raw, targets.raw, new TensorOptional(), mean ? MEAN : SUM, IGNORED, 0.0));
  }

  /** Negative log-likelihood in nats of each row, 0 where ignored; [rows]. */
  public Tensor crossEntropyEach(Tensor targets) {
    return new Tensor(
        torch.cross_entropy_loss(raw, targets.raw, new TensorOptional(), NONE, IGNORED, 0.0));
  }

  private static final long NONE = 0;
  private static final long MEAN = 1;
  private static final long SUM = 2;

  // ---- in place

  public Tensor copy_(Tensor source) {
    raw.copy_(source.raw);
    return this;
  }

  public Tensor add_(Tensor other) {
    raw.add_(other.raw);
    return this;
  }

  public Tensor mul_(double value) {
    raw.mul_(new Scalar(value));
    return this;
  }

  public Tensor fill_(double value) {
    raw.fill_(new Scalar(value));
    return this;
  }

  public Tensor zero_() {
    raw.zero_();
    return this;
  }

  /** Adds rows of source where index says, along a dimension. */
  public Tensor indexAdd_(int dim, Tensor index, Tensor source) {
    raw.index_add_(dim, index.raw, source.raw);
    return this;
  }

  /** Replaces the rows of a dimension that index names by those of source. */
  public Tensor indexCopy_(int dim, Tensor index, Tensor source) {
    raw.index_copy_(dim, index.raw, source.raw);
    return this;
  }

  /** {@link #indexAdd_} into a new tensor; gradients flow to both. */
  public Tensor indexAdd(int dim, Tensor index, Tensor source) {
    return new Tensor(torch.index_add(raw, dim, index.raw, source.raw));
  }

  // ---- gradients

  public Tensor requireGrad() {
    raw.set_requires_grad(true);
    return this;
  }

  public boolean requiresGrad() {
    return raw.requires_grad();
  }

  public void backward() {
    Pending.backward(raw);
  }

  /** The gradient after {@link #backward}; empty when none was recorded. */
  public Optional<Tensor> grad() {
    org.bytedeco.pytorch.Tensor grad = raw.grad();
    return grad.defined() ? Optional.of(new Tensor(grad)) : Optional.empty();
  }

  /** Makes this the gradient; it must have this tensor's shape. */
  public void setGrad(Tensor gradient) {
    raw.mutable_grad().put(gradient.raw);
  }

  /** Forgets the gradient and frees its memory. */
  public void clearGrad() {
    raw.mutable_grad().reset();
  }

  public Tensor detach() {
    return new Tensor(raw.detach());
  }

  // ---- reading

  public double item() {
    return raw.item_double();
  }

  public long itemLong() {
    return raw.item_long();
  }

  /** Every value as float, row by row. */
  public float[] toFloats() {
    float[] values = new float[Math.toIntExact(count())];
    Tensor plain = detach().to(DType.F32).contiguous();
    MemorySegment.copy(plain.memory(), ValueLayout.JAVA_FLOAT, 0, values, 0, values.length);
    return values;
  }

  public long[] toLongs() {
    long[] values = new long[Math.toIntExact(count())];
    Tensor plain = detach().to(DType.I64).contiguous();
    MemorySegment.copy(plain.memory(), ValueLayout.JAVA_LONG, 0, values, 0, values.length);
    return values;
  }

  /** The storage of a contiguous tensor, native order; valid while the tensor is. */
  public MemorySegment memory() {
    if (!raw.is_contiguous()) {
      throw new IllegalStateException("memory() needs a contiguous tensor");
    }
    return MemorySegment.ofAddress(raw.data_ptr().address()).reinterpret(count() * dtype().bytes());
  }

  @Override
  public String toString() {
    return dtype() + java.util.Arrays.toString(shape());
  }

  // ---- inside

  static TensorVector vector(List<Tensor> tensors) {
    TensorVector vector = new TensorVector(tensors.size());
    for (int i = 0; i < tensors.size(); i++) {
      vector.put(i, tensors.get(i).raw);
    }
    return vector;
  }

  private static TensorOptions options(DType dtype) {
    return new TensorOptions(dtype.scalarType());
  }

  private static long[] shapeOf(int length, long[] shape) {
    return shape.length == 0 ? new long[] {length} : shape;
  }

  private static long count(long[] shape) {
    long count = 1;
    for (long size : shape) {
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  /** A bare address, owned by nobody here. */
  private static final class Address extends Pointer {
    Address(long address, long bytes) {
      this.address = address;
      this.limit = bytes;
      this.capacity = bytes;
    }
  }
}
