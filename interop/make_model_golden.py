"""Records what transformers computes with the tiny folders, for the tests of module model.

usage: python make_model_golden.py HF_FOLDERS OUT_DIR     (needs torch and transformers)

from-pretrained-NAME.json: logits of the first row of a folder stored as bf16, loaded by
from_pretrained in f32 (the folders' own oracle.json was recorded from a model cast with
model.to(bfloat16), which rounds the rotary frequencies too).
gradients-NAME.json: the next-token loss of both rows and, for every parameter, the sum, the sum of
squares and the first three values of its gradient.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM

folders, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)


def load(name):
    model = AutoModelForCausalLM.from_pretrained(
        folders / name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    ids = torch.tensor(json.loads((folders / name / "oracle.json").read_text())["input_ids"])
    return model, ids


for name in ("mistral", "qwen2-moe"):
    model, ids = load(name)
    with torch.no_grad():
        logits = model(ids[:1]).logits
    (out / f"from-pretrained-{name}.json").write_text(
        json.dumps(
            dict(
                input_ids=ids[:1].tolist(),
                greedy=[],
                logits=[[[round(v, 5) for v in t] for t in row] for row in logits.tolist()],
            )
        )
        + "\n"
    )

for name in ("llama-bias", "llama3-rope", "mistral", "qwen2-window", "qwen3", "mixtral", "qwen2-moe", "qwen3-moe"):
    model, ids = load(name)
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))
    loss.backward()
    gradients = {}
    for key, parameter in model.named_parameters():
        parts = {key: parameter.grad}
        if key.endswith("experts.gate_up_proj"):
            half = parameter.shape[1] // 2
            parts = {}
            for e in range(parameter.shape[0]):
                parts[f"{key[:-12]}{e}.gate_proj.weight"] = parameter.grad[e, :half]
                parts[f"{key[:-12]}{e}.up_proj.weight"] = parameter.grad[e, half:]
        elif key.endswith("experts.down_proj"):
            parts = {f"{key[:-9]}{e}.down_proj.weight": parameter.grad[e] for e in range(parameter.shape[0])}
        for part, grad in parts.items():
            if name == "mixtral" and ".mlp." in part:
                part = part.replace(".mlp.", ".block_sparse_moe.")
                for ours, theirs in (("w1", "gate_proj"), ("w2", "down_proj"), ("w3", "up_proj")):
                    part = part.replace(theirs, ours)
            flat = grad.double().flatten()
            gradients[part] = [flat.sum().item(), (flat * flat).sum().item(), *flat[:3].tolist()]
    (out / f"gradients-{name}.json").write_text(
        json.dumps(dict(loss=loss.item(), gradients=gradients), indent=0) + "\n"
    )
