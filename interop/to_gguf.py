"""A Llama folder as GGUF, the format of llama.cpp, with the same weights.

usage: python to_gguf.py FOLDER OUT.gguf        (needs gguf, safetensors, torch)

Matrices keep the type they are stored in. Rows of query and key matrices are reordered: llama.cpp turns
neighbouring dimensions of a head together, transformers turns i with i + headDim/2. The vocabulary is made
up: speed is compared on ids.
"""
import json
import pathlib
import sys

import gguf
import torch
from safetensors.torch import load_file

folder, out = pathlib.Path(sys.argv[1]), sys.argv[2]
config = json.loads((folder / "config.json").read_text())
tensors = {}
for file in sorted(folder.glob("*.safetensors")):
    tensors.update(load_file(file))
heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
writer = gguf.GGUFWriter(out, "llama")
writer.add_context_length(config["max_position_embeddings"])
writer.add_embedding_length(config["hidden_size"])
writer.add_block_count(config["num_hidden_layers"])
writer.add_feed_forward_length(config["intermediate_size"])
writer.add_head_count(heads)
writer.add_head_count_kv(kv_heads)
writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
writer.add_rope_dimension_count(config["head_dim"])
writer.add_rope_freq_base(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])
writer.add_vocab_size(config["vocab_size"])
writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
writer.add_tokenizer_model("llama")
pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
writer.add_token_list(pieces + [f"t{i}" for i in range(len(pieces), config["vocab_size"])])
writer.add_token_scores([0.0] * config["vocab_size"])
writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (config["vocab_size"] - len(pieces)))
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)

NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}


def renamed(name):
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    if name in fixed:
        return fixed[name]
    _, _, layer, *middle, _ = name.split(".")
    return f"blk.{layer}.{NAMES['.'.join(middle)]}.weight"


def turned(weight, count):
    return weight.reshape(count, 2, weight.shape[0] // count // 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


for name, weight in tensors.items():
    if ".q_proj." in name:
        weight = turned(weight, heads)
    if ".k_proj." in name:
        weight = turned(weight, kv_heads)
    if weight.dim() == 1:
        writer.add_tensor(renamed(name), weight.float().numpy())
    elif weight.dtype == torch.bfloat16:
        bits = weight.contiguous().view(torch.uint8).numpy()
        writer.add_tensor(renamed(name), bits, raw_dtype=gguf.GGMLQuantizationType.BF16)
    else:
        writer.add_tensor(renamed(name), weight.contiguous().numpy())
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
