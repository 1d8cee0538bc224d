package dev.banyan.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.global.torch;

/**
 * AdamW (Loshchilov and Hutter 2019) with decay groups, as one fused pass over all parameters of a
 * group ({@code aten::_fused_adamw_}). Moments are f32, laid out like the parameters.
 */
public final class AdamW implements AutoCloseable {
  /**
   * Constants of one run.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the root of the second moment
   */
  public record Options(double beta1, double beta2, double epsilon) {}

  /** Parameters that share a weight decay. */
  public record Group(List<Tensor> parameters, double weightDecay) {
    public Group {
      parameters = List.copyOf(parameters);
    }
  }

  private final Options options;
  private final List<GroupState> groups;
  private final OperatorHandle fused = Boxed.find("aten::_fused_adamw_", "");
  private long step;

  private record GroupState(
      Group group, List<Tensor> firstMoments, List<Tensor> secondMoments, List<Tensor> steps) {}

  public AdamW(List<Group> groups, Options options) {
    this.options = options;
    this.groups = groups.stream().map(AdamW::state).toList();
  }

  private static GroupState state(Group group) {
    List<Tensor> first = new ArrayList<>();
    List<Tensor> second = new ArrayList<>();
    List<Tensor> steps = new ArrayList<>();
    try (Scope scope = Scope.open()) {
      for (Tensor parameter : group.parameters()) {
        first.add(Scope.keep(Tensor.zeros(DType.F32, parameter.shape())));
        second.add(Scope.keep(Tensor.zeros(DType.F32, parameter.shape())));
        steps.add(Scope.keep(Tensor.zeros(DType.F32)));
      }
    }
    return new GroupState(group, first, second, steps);
  }

  /**
   * One update with the gradients that the parameters hold; a parameter without a gradient stays as
   * it is.
   */
  public void step(double learningRate) {
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      step++;
      for (GroupState state : groups) {
        stepGroup(state, learningRate);
      }
    }
  }

  private void stepGroup(GroupState state, double learningRate) {
    List<Tensor> parameters = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    List<Tensor> first = new ArrayList<>();
    List<Tensor> second = new ArrayList<>();
    List<Tensor> steps = new ArrayList<>();
    for (int i = 0; i < state.group.parameters().size(); i++) {
      Tensor parameter = state.group.parameters().get(i);
      int at = i;
      parameter
          .grad()
          .ifPresent(
              gradient -> {
                parameters.add(parameter);
                gradients.add(gradient);
                first.add(state.firstMoments.get(at));
                second.add(state.secondMoments.get(at));
                steps.add(state.steps.get(at).fill_((double) step));
              });
    }
    if (parameters.isEmpty()) {
      return;
    }
    var unused =
        Boxed.call(
            fused,
            List.of(
                Boxed.tensors(parameters),
                Boxed.tensors(gradients),
                Boxed.tensors(first),
                Boxed.tensors(second),
                Boxed.tensors(List.of()),
                Boxed.tensors(steps),
                new IValue(learningRate),
                new IValue(options.beta1),
                new IValue(options.beta2),
                new IValue(state.group.weightDecay()),
                new IValue(options.epsilon),
                new IValue(false),
                new IValue(false),
                new IValue(),
                new IValue()));
  }

  /** Forgets all gradients and frees their memory. */
  public void clearGradients() {
    try (Scope scope = Scope.open()) {
      for (GroupState state : groups) {
        state.group.parameters().forEach(Tensor::clearGrad);
      }
    }
  }

  /**
   * Scales all gradients so that their joint 2-norm is at most {@code maxNorm}.
   *
   * @return the norm before, NaN or infinite when a gradient is
   */
  public double clipGradientNorm(double maxNorm) {
    try (Scope scope = Scope.open()) {
      List<Tensor> parameters = new ArrayList<>();
      groups.forEach(state -> parameters.addAll(state.group.parameters()));
      return torch.clip_grad_norm_(Tensor.vector(parameters), maxNorm);
    }
  }

  /** Updates made so far; set when a run is resumed. */
  public long steps() {
    return step;
  }

  public void setSteps(long steps) {
    this.step = steps;
  }

  /** The first moment ({@code exp_avg}) of a parameter, f32 in its shape. */
  public Tensor firstMoment(Tensor parameter) {
    return moment(parameter, true);
  }

  /** The second moment ({@code exp_avg_sq}) of a parameter, f32 in its shape. */
  public Tensor secondMoment(Tensor parameter) {
    return moment(parameter, false);
  }

  private Tensor moment(Tensor parameter, boolean first) {
    for (GroupState state : groups) {
      int at = state.group.parameters().indexOf(parameter);
      if (at >= 0) {
        return (first ? state.firstMoments : state.secondMoments).get(at);
      }
    }
    throw new IllegalArgumentException(parameter + " is no parameter of this optimizer");
  }

  @Override
  public void close() {
    for (GroupState state : groups) {
      state.firstMoments.forEach(Tensor::close);
      state.secondMoments.forEach(Tensor::close);
      state.steps.forEach(Tensor::close);
    }
  }
}
