"""Loads folders that Banyan wrote with the transformers that is installed and compares logits.

usage: python check_folders.py FOLDERS

Fails when a key is missing, unexpected or of another shape, or a logit differs by more than 1e-3.
"""

import json
import pathlib
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM

worst, failed = 0.0, []
old = transformers.__version__.startswith("4.")
folders = [
    p
    for p in sorted(pathlib.Path(sys.argv[1]).iterdir())
    # packed experts are a layout of transformers 5
    if p.is_dir() and not (old and "packed-F32" in p.name or old and "packed-BF16" in p.name)
]
for folder in folders:
    dtype = {"torch_dtype" if old else "dtype": torch.float32}
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", **dtype
    )
    record = json.loads((folder / "banyan.json").read_text())
    ids = torch.tensor(record["input_ids"])
    with torch.no_grad():
        logits = model.eval()(ids).logits.flatten()
    difference = (logits - torch.tensor(record["logits"])).abs().max().item()
    keys = {k: v for k, v in info.items() if v and k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")}
    worst = max(worst, difference)
    if keys or not difference <= 1e-3:
        failed.append(folder.name)
        print(folder.name, difference, keys)
print(
    f"transformers {transformers.__version__}: {len(folders)} folders, largest logit difference {worst:.2g}, "
    f"{len(failed)} failed"
)
sys.exit(1 if failed or not folders else 0)
