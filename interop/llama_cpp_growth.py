"""Grown models of every family, converted by llama.cpp's own converter and read by llama.cpp.

usage: python llama_cpp_growth.py WORK --tokenizer FOLDER --converter "python convert_hf_to_gguf.py"
                                  [--banyan ./banyan] [--node "node llama_cpp_greedy.mjs"]

Makes a small random model of each family in WORK with the vocabulary of TOKENIZER, has Banyan grow it, has the
converter write it as GGUF in f32, and compares what llama.cpp says of the GGUF with what transformers says of the
source folder: 24 tokens, the most probable first, after 8 prompts, the first of which every token is fed to both.
Growth that is exact leaves all of them as they were; a difference counts where the two best scores of transformers
are further apart than 1e-3. Fails when one counts, or when the converter does not take a folder.
"""
import argparse
import json
import pathlib
import shlex
import shutil
import subprocess
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("work", type=pathlib.Path)
parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
parser.add_argument("--converter", required=True)
parser.add_argument("--banyan", default=str(here.parent / "banyan"))
parser.add_argument("--node", default=f"node {here / 'llama_cpp_greedy.mjs'}")
a = parser.parse_args()

WORDS = len(json.loads((a.tokenizer / "tokenizer.json").read_text())["model"]["vocab"])
SHAPE = dict(
    vocab_size=WORDS, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2,
)
WIDER = "--hidden 96 --heads 6 --kv-heads 3 --ffn 192 --layers 3"
CASES = [
    ("llama", "Llama", {}, WIDER),
    ("mistral", "Mistral", {"sliding_window": None}, WIDER),
    ("qwen2", "Qwen2", {}, WIDER),
    ("qwen3", "Qwen3", {"head_dim": 16}, WIDER),
    ("mixtral-of-llama", "Llama", {}, "--moe copy --experts 4"),
    ("qwen2-moe-of-qwen2", "Qwen2", {}, "--moe shared-carry --experts 4"),
    ("qwen2-moe-of-llama", "Llama", {}, "--moe shared-carry --experts 4"),
    ("qwen3-moe-of-qwen3", "Qwen3", {"head_dim": 16}, "--moe copy --experts 4"),
]
PROMPTS, TOKENS = 8, 24


def run(command, *more):
    done = subprocess.run([*shlex.split(command), *map(str, more)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command} {' '.join(map(str, more))}: {done.stderr[-600:]}")
    return done.stdout


def differing(model, prompt, said):
    """Places where llama.cpp's token is not the best one of transformers, by more than rounding."""
    ids = torch.tensor([prompt + said])
    with torch.no_grad():
        scores = model(ids).logits[0, len(prompt) - 1 : -1]
    best = scores.amax(-1)
    chosen = scores.gather(-1, torch.tensor(said)[:, None])[:, 0]
    return int((best - chosen > 1e-3).sum())


a.work.mkdir(parents=True)
torch.manual_seed(1)
prompts = [torch.randint(3, WORDS, (4 + 3 * i,)).tolist() for i in range(PROMPTS)]
(a.work / "prompts.json").write_text(json.dumps(prompts))
failed = []
for name, family, more, flags in CASES:
    source, grown, gguf = (a.work / f"{name}{end}" for end in ("", "-grown", ".gguf"))
    config = getattr(transformers, f"{family}Config")(**SHAPE, **more)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
    for parameter in model.parameters():
        # scores that differ clearly, as those of a trained model do
        parameter.data.mul_(4 if parameter.dim() > 1 else 1)
    model.save_pretrained(source)
    for file in a.tokenizer.glob("*token*"):
        shutil.copy(file, source)
    try:
        run(a.banyan, "grow", "run", source, grown, *flags.split())
        run(a.converter, grown, "--outfile", gguf, "--outtype", "f32")
        said = json.loads(run(a.node, gguf, a.work / "prompts.json", TOKENS))
    except RuntimeError as e:
        print(f"{name:20} {e}")
        failed.append(name)
        continue
    wrong = sum(differing(model, p, s) for p, s in zip(prompts, said))
    count = sum(map(len, said))
    print(f"{name:20} {json.loads((grown / 'config.json').read_text())['model_type']:10} {wrong} of {count} differ")
    if wrong or count != PROMPTS * TOKENS:
        failed.append(name)
print(f"transformers {transformers.__version__}: {len(CASES)} grown models in llama.cpp, failed: {failed or 'none'}")
sys.exit(1 if failed else 0)
