"""Loads grown models with the transformers that is installed and compares logits with their sources.

usage: python check_grown.py FOLDERS    (each FOLDER/CASE/{source,plain,target})

Transformers 5 compares with the source itself, transformers 4, which does not read the spellings and
the packed experts of 5, with the same model as Banyan writes it. Computes in float32. Fails when a
key is missing, unexpected or of another shape, or when a logit of the target differs from the
source's by more than 1e-4 of the largest.
"""

import pathlib
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM

old = transformers.__version__.startswith("4.")
# the grouped kernel of transformers 5 wants widths of a multiple of 4
how = {"torch_dtype": torch.float32} if old else {"dtype": torch.float32, "experts_implementation": "eager"}
worst, failed = 0.0, []
cases = sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if (p / "target").is_dir())


def load(folder):
    return AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", **how
    )


for case in cases:
    source, _ = load(case / ("plain" if old else "source"))
    target, info = load(case / "target")
    torch.manual_seed(1)
    ids = torch.randint(0, target.config.vocab_size, (2, 24))
    with torch.no_grad():
        a = source.eval()(ids).logits
        b = target.eval()(ids).logits
    error = ((a - b).abs().amax(-1) / a.abs().amax(-1)).max().item()
    keys = {k: v for k, v in info.items() if v and k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")}
    worst = max(worst, error)
    print(f"{case.name:28} {type(target).__name__:24} {error:.2g} {keys if keys else ''}")
    if keys or not error <= 1e-4:
        failed.append(case.name)
print(
    f"transformers {transformers.__version__}: {len(cases)} grown models, largest relative logit "
    f"difference {worst:.2g}, failed: {failed or 'none'}"
)
sys.exit(1 if failed or not cases else 0)
