"""The suite's training steps: forward, backward and single-tensor Adam, float32, dropout as built.

    python export_step.py --step models.py:resnet50 --set batch=32 --out resnet50-32.json.gz

The vision models are torchvision's, the others are the transformers classes named below, with
their default configurations and eager attention (`--set sdpa=true` for the fused one).
"""

import torch
from torch import nn
from torch.func import functional_call


def step_of(model, loss_of, inputs, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """A full training step over explicit state: parameters, both moments, the count, buffers."""
    model.train()
    parameters = dict(model.named_parameters())
    buffers = dict(model.named_buffers())
    moments1 = {name: torch.zeros_like(each) for name, each in parameters.items()}
    moments2 = {name: torch.zeros_like(each) for name, each in parameters.items()}
    count = torch.zeros(())

    def step(parameters, buffers, moments1, moments2, count, *inputs):
        loss = loss_of(lambda *a, **k: functional_call(model, (parameters, buffers), a, k), *inputs)
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        with torch.no_grad():
            count.add_(1)
            for (name, parameter), gradient in zip(parameters.items(), gradients):
                m, v = moments1[name], moments2[name]
                # torch.optim.Adam with foreach=False, capturable=True
                m.lerp_(gradient, 1 - beta1)
                v.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
                size = (lr / (1 - beta1**count)).neg()
                root = (1 - beta2**count).sqrt()
                denominator = (v.sqrt() / (root * size)).add_(eps / size)
                parameter.addcdiv_(m, denominator)
        return loss.detach()

    kinds = ["parameter", "parameter", "optimizerState", "optimizerState", "optimizerState"]
    arguments = (parameters, buffers, moments1, moments2, count, *inputs)
    return step, arguments, kinds + ["input"] * len(inputs)


# ---- torchvision


def torchvision_models():
    try:
        import torchvision.models as models
    except RuntimeError:
        # A torchvision built for another torch has no compiled operators; these models need none.
        import sys
        import types

        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("absent")
        import torchvision.models as models
    return models


def transformers_models():
    """transformers looks at torchvision where it is installed."""
    try:
        torchvision_models()
    except ImportError:
        pass  # then it does without
    import transformers

    return transformers


def vision(name, batch, **settings):
    model = getattr(torchvision_models(), name)(**settings)
    inputs = (torch.zeros(batch, 3, 224, 224), torch.zeros(batch, dtype=torch.long))
    loss = lambda run, x, y: nn.functional.cross_entropy(run(x), y)  # noqa: E731
    return step_of(model, loss, inputs)


def alexnet(batch=1):
    return vision("alexnet", batch)


def vgg16(batch=1):
    return vision("vgg16", batch)


def mobilenet_v2(batch=1):
    return vision("mobilenet_v2", batch)


def mnasnet(batch=1):
    return vision("mnasnet1_0", batch)


def efficientnet_b0(batch=1):
    return vision("efficientnet_b0", batch)


def resnet50(batch=1):
    return vision("resnet50", batch)


def vit(batch=1, sdpa=False):
    """ViT-B/16; torchvision's attention is the fused one unless its weights are asked for."""
    if not sdpa:
        torch.nn.functional.multi_head_attention_forward = with_weights(
            torch.nn.functional.multi_head_attention_forward
        )
    return vision("vit_b_16", batch)


def with_weights(attention):
    """Attention that returns its weights is computed without the fused kernel."""

    def forward(*args, **kwargs):
        kwargs["need_weights"] = True
        return attention(*args, **kwargs)

    return forward


# ---- transformers


def bert(batch=1, length=256, sdpa=False):
    models = transformers_models()
    config = models.BertConfig(attn_implementation="sdpa" if sdpa else "eager")
    ids = torch.zeros(batch, length, dtype=torch.long)
    loss = lambda run, ids, labels: run(input_ids=ids, labels=labels).loss  # noqa: E731
    return step_of(models.BertForMaskedLM(config), loss, (ids, ids.clone()))


def gpt2(batch=8, length=1024, sdpa=False, **sizes):
    models = transformers_models()
    config = models.GPT2Config(
        attn_implementation="sdpa" if sdpa else "eager", use_cache=False, **sizes
    )
    ids = torch.zeros(batch, length, dtype=torch.long)
    loss = lambda run, ids: run(input_ids=ids, labels=ids).loss  # noqa: E731
    return step_of(models.GPT2LMHeadModel(config), loss, (ids,))


def gpt2_xl(batch=1, length=1024, sdpa=False):
    return gpt2(batch, length, sdpa, n_embd=1600, n_layer=48, n_head=25)


def qwen2(batch=1, length=128, sdpa=False):
    """Qwen2.5-0.5B's shape with a quarter of its layers and words."""
    models = transformers_models()
    config = models.Qwen2Config(
        vocab_size=37984,
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=6,
        num_attention_heads=14,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        use_cache=False,
        attn_implementation="sdpa" if sdpa else "eager",
    )
    ids = torch.zeros(batch, length, dtype=torch.long)
    loss = lambda run, ids: run(input_ids=ids, labels=ids).loss  # noqa: E731
    return step_of(models.Qwen2ForCausalLM(config), loss, (ids,))
