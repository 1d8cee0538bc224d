"""Records what the safetensors and transformers libraries make of small inputs, for the tests of
module weights.

usage: python make_weights_golden.py OUT_DIR     (needs torch, safetensors, transformers)

Writes every-type.safetensors (one tensor of each element type, laid out by the library),
every-type.json (their values), float8.json (the value of each of the 256 codes) and configs.json
(config.json texts old and new, with what the config classes resolve them to).
"""

import json
import math
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoConfig

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)


def number(value):
    """JSON has no NaN and no infinities."""
    value = float(value)
    return value if math.isfinite(value) else str(value)


# every element type, four values each
values = {
    "float64": [0.1, -2.5, 1e300, 0.0],
    "float32": [0.1, -2.5, 1e30, 0.0],
    "float16": [0.1, -2.5, 60000.0, 6e-8],
    "bfloat16": [0.1, -2.5, 1e30, 1e-39],
    "float8_e4m3fn": [0.1, -2.5, 448.0, 0.002],
    "float8_e5m2": [0.1, -2.5, 57344.0, 2e-5],
    "int64": [1, -2, 2**40, 0],
    "int32": [1, -2, 2**30, 0],
    "int16": [1, -2, 2**14, 0],
    "int8": [1, -2, 127, 0],
    "uint8": [1, 254, 127, 0],
    "bool": [1, 0, 1, 0],
    "uint16": [1, 65535, 127, 0],
    "uint32": [1, 4294967295, 127, 0],
    "uint64": [1, 2**53, 127, 0],
}
tensors = {}
for name, numbers in values.items():
    dtype = getattr(torch, name)
    wide = torch.tensor(numbers, dtype=torch.float64 if dtype.is_floating_point else torch.int64)
    tensors["a." + name] = wide.to(dtype).reshape(2, 2)
tensors["ü.bfloat16"] = torch.ones(3, dtype=torch.bfloat16)
tensors["scalar"] = torch.tensor(7.0)
tensors["empty"] = torch.zeros(0, 3)
save_file(tensors, out / "every-type.safetensors", metadata={"format": "pt"})
(out / "every-type.json").write_text(
    json.dumps(
        {
            name: {"shape": list(t.shape), "floats": [number(v) for v in t.to(torch.float32).flatten()]}
            for name, t in tensors.items()
        },
        indent=1,
    )
    + "\n"
)

codes = torch.arange(256, dtype=torch.int32).to(torch.uint8)
(out / "float8.json").write_text(
    json.dumps(
        {
            label: [number(v) for v in codes.view(dtype).to(torch.float32)]
            for label, dtype in (("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2))
        }
    )
    + "\n"
)

# config.json texts: bare defaults, and the spellings found in published models
families = ["llama", "mistral", "qwen2", "qwen3", "mixtral", "qwen2_moe", "qwen3_moe"]
configs = [dict(model_type=family) for family in families]
configs += [
    dict(model_type="llama", num_key_value_heads=None, head_dim=None, eos_token_id=[5, 6]),
    dict(model_type="llama", rope_theta=5e5, torch_dtype="bfloat16", max_position_embeddings=131072,
         rope_scaling=dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                           original_max_position_embeddings=8192, rope_type="llama3")),
    dict(model_type="llama", rope_scaling=dict(type="linear", factor=2.0), attention_bias=True, mlp_bias=True),
    dict(model_type="llama", dtype="float16",
         rope_parameters=dict(rope_type="yarn", rope_theta=2e4, factor=4.0, beta_fast=16)),
    dict(model_type="mistral", sliding_window=None, rope_theta=1e6, head_dim=128),
    dict(model_type="mistral", sliding_window=2048, num_hidden_layers=3),
    dict(model_type="mixtral", num_local_experts=4, num_experts_per_tok=1, rope_theta=1e6),
    dict(model_type="qwen2", use_sliding_window=True, sliding_window=1024, max_window_layers=21, num_hidden_layers=28),
    dict(model_type="qwen2", use_sliding_window=False, sliding_window=131072, max_window_layers=28, num_hidden_layers=28,
         tie_word_embeddings=True, bos_token_id=1, eos_token_id=3),
    dict(model_type="qwen2", use_sliding_window=True, sliding_window=16, num_hidden_layers=2,
         layer_types=["sliding_attention", "full_attention"]),
    dict(model_type="qwen2", num_key_value_heads=None),
    dict(model_type="qwen3", hidden_size=1024, num_attention_heads=16, num_key_value_heads=8, tie_word_embeddings=True),
    dict(model_type="qwen2_moe", num_experts=8, norm_topk_prob=True, decoder_sparse_step=2, mlp_only_layers=[3],
         qkv_bias=False, use_sliding_window=True, sliding_window=64, max_window_layers=6),
    dict(model_type="qwen3_moe", num_experts=64, norm_topk_prob=True, mlp_only_layers=[0, 1], head_dim=128),
    dict(model_type="qwen3_moe", num_local_experts=16, use_sliding_window=True, sliding_window=32),
]
for config in configs:
    if "llama" == config["model_type"] and config.get("num_key_value_heads", 0) is None:
        config["num_attention_heads"] = 8

keep = [
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "num_key_value_heads", "head_dim", "rms_norm_eps", "tie_word_embeddings", "max_position_embeddings",
    "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id", "rope_parameters", "sliding_window",
    "layer_types", "num_local_experts", "num_experts", "num_experts_per_tok", "moe_intermediate_size",
    "shared_expert_intermediate_size", "norm_topk_prob", "decoder_sparse_step", "mlp_only_layers", "qkv_bias",
    "attention_bias", "mlp_bias",
]
folder = out / "tmp"
folder.mkdir(exist_ok=True)
recorded = []
for config in configs:
    (folder / "config.json").write_text(json.dumps(config))
    resolved = AutoConfig.from_pretrained(folder)
    known = {key: getattr(resolved, key) for key in keep if hasattr(resolved, key)}
    known["dtype"] = None if resolved.dtype is None else str(resolved.dtype).removeprefix("torch.")
    recorded.append(dict(config=config, resolved=known))
(folder / "config.json").unlink()
folder.rmdir()
(out / "configs.json").write_text(json.dumps(recorded, indent=1) + "\n")
