"""Writes small PEFT adapters with random weights and the logits PEFT computes with them.

usage: python make_adapter_golden.py HF_FOLDERS OUT_DIR     (needs torch, transformers, peft)

OUT_DIR/BASE-METHOD/ holds adapter_config.json, adapter_model.safetensors and logits.json:
input_ids [1][time], logits [1][time][vocabulary] of those tokens, not of virtual ones; for prompt,
P- and prefix tuning also greedy [1][6], the most probable next tokens.
"""

import json
import pathlib
import sys

import torch
from peft import (
    IA3Config,
    LoraConfig,
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    get_peft_model,
)
from transformers import AutoModelForCausalLM

folders, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
METHODS = {
    "lora": lambda: LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM"),
    "rslora": lambda: LoraConfig(
        r=4,
        lora_alpha=6,
        use_rslora=True,
        target_modules="all-linear",
        rank_pattern={"layers.1.self_attn.q_proj": 2, "o_proj": 3},
        alpha_pattern={"k_proj": 5, "layers.0.mlp.up_proj": 3},
        task_type="CAUSAL_LM",
    ),
    "ia3": lambda: IA3Config(
        target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"], task_type="CAUSAL_LM"
    ),
    "prompt": lambda: PromptTuningConfig(num_virtual_tokens=5, task_type="CAUSAL_LM"),
    "ptuning": lambda: PromptEncoderConfig(num_virtual_tokens=4, encoder_hidden_size=16, task_type="CAUSAL_LM"),
    "prefix": lambda: PrefixTuningConfig(num_virtual_tokens=6, task_type="CAUSAL_LM"),
    "projected": lambda: PrefixTuningConfig(
        num_virtual_tokens=3, prefix_projection=True, encoder_hidden_size=16, task_type="CAUSAL_LM"
    ),
}


def greedy(adapted, ids, count):
    for _ in range(count):
        ids = torch.cat([ids, adapted(ids).logits[:, -1:].argmax(-1)], 1)
    return ids[:, -count:]

for base in ("llama-gqa", "qwen3"):
    ids = torch.tensor(json.loads((folders / base / "oracle.json").read_text())["input_ids"])[:1, :10]
    for method, config in METHODS.items():
        torch.manual_seed(7)
        model = AutoModelForCausalLM.from_pretrained(folders / base, dtype=torch.float32, attn_implementation="eager")
        adapted = get_peft_model(model, config()).eval()
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.2)
            elif "ia3_" in name:
                torch.nn.init.normal_(parameter, mean=1.0, std=0.3)
            elif "prompt_encoder" in name:
                torch.nn.init.normal_(parameter, std=0.5)
        virtual = "prompt_encoder" in dict(adapted.named_modules())
        with torch.no_grad():
            logits = adapted(ids).logits[:, -ids.shape[1] :]
            answer = greedy(adapted, ids, 6).tolist() if virtual else []
        place = out / f"{base}-{method}"
        adapted.save_pretrained(place)
        (place / "README.md").unlink(missing_ok=True)
        config_file = place / "adapter_config.json"
        saved = json.loads(config_file.read_text())
        saved["base_model_name_or_path"] = base
        config_file.write_text(json.dumps(saved, indent=2) + "\n")
        recorded = dict(input_ids=ids.tolist(), greedy=answer, logits=[[[round(v, 6) for v in t] for t in r] for r in logits.tolist()])
        (place / "logits.json").write_text(json.dumps(recorded) + "\n")
        print(place.name, sum(p.numel() for n, p in adapted.named_parameters() if p.requires_grad))
