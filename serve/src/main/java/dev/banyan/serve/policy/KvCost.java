package dev.banyan.serve.policy;

/**
 * The KV router of NVIDIA Dynamo: the instance with the lowest {@code scale · max(0, prefill +
 * prompt − credits) + decode}, in blocks; a cached block of the prompt is a credit of 1.
 */
public record KvCost(double prefillScale) implements Policy {
  @Override
  public String name() {
    return "kv-cost";
  }

  @Override
  public int dispatch(Arrival request, Fleet fleet) {
    return Freeness.highest(
        fleet.open(),
        load -> {
          InstanceLoad.Memory memory = load.memory();
          double prefill = load.queue().tokens() / (double) memory.blockTokens();
          double credits = (double) request.cached().tokens(load.id()) / memory.blockTokens();
          double prompt = memory.blocksFor(request.promptTokens());
          double decode = memory.totalBlocks() - memory.freeBlocks();
          return -(prefillScale * Math.max(0, prefill + prompt - credits) + decode);
        });
  }
}
