"""mergekit beside banyan on the jobs both do: layers given twice, and experts copied from one model.

usage: python grow_speed_peer.py WORK --banyan ./banyan [--mergekit-yaml CMD] [--mergekit-moe CMD]
                                 [--tokenizer FOLDER] [--layers 16] [--pairs 3]

Makes a random Llama in bfloat16 (hidden 2048, feed-forward 8192, 32,000 words; 2.3 GB at 16 layers) in WORK,
runs the two programs in turn, and compares what they wrote: every tensor but routers, bit for bit. Prints a
JSON line per job: seconds and peak resident megabytes of each run, and medians of the pairs' ratios.
TOKENIZER is any folder with a tokenizer: mergekit-moe wants to see one.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import time

import torch
from safetensors import safe_open
from safetensors.torch import save_file

parser = argparse.ArgumentParser()
parser.add_argument("work", type=pathlib.Path)
parser.add_argument("--banyan", default="./banyan")
parser.add_argument("--mergekit-yaml", default="mergekit-yaml")
parser.add_argument("--mergekit-moe", default="mergekit-moe")
parser.add_argument("--tokenizer", type=pathlib.Path)
parser.add_argument("--layers", type=int, default=16)
parser.add_argument("--experts", type=int, default=4)
parser.add_argument("--pairs", type=int, default=3)
a = parser.parse_args()

HIDDEN, FFN, WORDS, HEADS = 2048, 8192, 32000, 16


def make_source(folder):
    generator = torch.Generator().manual_seed(1)

    def matrix(*shape):
        return torch.empty(shape, dtype=torch.bfloat16).normal_(std=0.02, generator=generator)

    folder.mkdir(parents=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN,
        "intermediate_size": FFN, "num_hidden_layers": a.layers, "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS, "vocab_size": WORDS, "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "hidden_act": "silu", "dtype": "bfloat16",
        "bos_token_id": 1, "eos_token_id": 2, "attention_bias": False, "mlp_bias": False,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
    }
    (folder / "config.json").write_text(json.dumps(config))
    if a.tokenizer:
        for file in a.tokenizer.glob("*token*"):
            shutil.copy(file, folder)
    where = {}
    for part in range(a.layers + 1):
        name = f"model-{part + 1:05}-of-{a.layers + 1:05}.safetensors"
        if part == a.layers:
            tensors = {"model.embed_tokens.weight": matrix(WORDS, HIDDEN), "lm_head.weight": matrix(WORDS, HIDDEN),
                       "model.norm.weight": torch.ones(HIDDEN, dtype=torch.bfloat16)}
        else:
            at = f"model.layers.{part}."
            tensors = {at + f"self_attn.{x}_proj.weight": matrix(HIDDEN, HIDDEN) for x in "qkvo"}
            tensors |= {at + f"mlp.{x}_proj.weight": matrix(FFN, HIDDEN) for x in ("gate", "up")}
            tensors[at + "mlp.down_proj.weight"] = matrix(HIDDEN, FFN)
            for norm in ("input_layernorm", "post_attention_layernorm"):
                tensors[at + norm + ".weight"] = 1 + matrix(HIDDEN)
        save_file(tensors, folder / name, metadata={"format": "pt"})
        where |= {tensor: name for tensor in tensors}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


# A process counts what its parent had resident when it was forked, and this one holds models: a small one starts it.
LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(command):
    """Seconds until it is done and on disk, and its peak resident megabytes."""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", LAUNCHER, *command], capture_output=True, text=True)
    os.sync()
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stderr[-2000:]}")
    return seconds, int(done.stdout) / 1000


def tensors(folder):
    """Every tensor but routers, by name; packed experts of transformers 5 fall apart into the names of 4."""
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as opened:
            for name in opened.keys():
                at, packed, part = name.partition(".mlp.experts.")
                if name.endswith(".gate.weight"):
                    continue
                if not packed:
                    found[name] = opened.get_tensor(name)
                    continue
                for expert, whole in enumerate(opened.get_tensor(name)):
                    to = f"{at}.block_sparse_moe.experts.{expert}."
                    if part == "down_proj":
                        found[to + "w2.weight"] = whole
                    else:
                        found[to + "w1.weight"], found[to + "w3.weight"] = whole.chunk(2)
    return found


def compare(ours, theirs):
    """How many tensors are equal in both folders; a router, which each draws, is not looked at."""
    left, right = tensors(ours), tensors(theirs)
    if left.keys() != right.keys():
        raise SystemExit(f"other names: {sorted(left.keys() ^ right.keys())[:4]}")
    for name in left:
        if not torch.equal(left[name], right[name]):
            raise SystemExit(f"{name} differs")
    return len(left)


a.work.mkdir(parents=True, exist_ok=True)
source = a.work / "source"
if not source.exists():
    make_source(source)
ours, theirs = a.work / "ours", a.work / "theirs"
cut, back = a.layers * 3 // 4, a.layers // 4
passthrough, moe = a.work / "passthrough.yaml", a.work / "moe.yaml"
passthrough.write_text(f"""merge_method: passthrough
dtype: bfloat16
slices:
  - sources: [{{model: {source}, layer_range: [0, {cut}]}}]
  - sources: [{{model: {source}, layer_range: [{back}, {a.layers}]}}]
""")
moe.write_text(f"base_model: {source}\ngate_mode: random\ndtype: bfloat16\nexperts:\n"
               + f"  - source_model: {source}\n    positive_prompts: [\"\"]\n" * a.experts)
jobs = {
    "passthrough": (["--layer-list", f"0-{cut - 1},{back}-{a.layers - 1}"], [*shlex.split(a.mergekit_yaml), passthrough]),
    "experts": (["--moe", "copy", "--experts", str(a.experts)], [*shlex.split(a.mergekit_moe), moe]),
}
for job, (flags, peer) in jobs.items():
    times, peaks, equal = {"banyan": [], "mergekit": []}, {"banyan": [], "mergekit": []}, 0
    for pair in range(a.pairs):
        order = ["banyan", "mergekit"] if pair % 2 == 0 else ["mergekit", "banyan"]
        for who in order:
            out = ours if who == "banyan" else theirs
            shutil.rmtree(out, ignore_errors=True)
            os.sync()
            command = ([*shlex.split(a.banyan), "grow", "run", source, out, *flags] if who == "banyan" else [*peer, out])
            seconds, peak = run([str(word) for word in command])
            times[who].append(round(seconds, 2))
            peaks[who].append(round(peak))
        equal = compare(ours, theirs)
    print(json.dumps({
        "job": job, "gigabytes": round(sum(f.stat().st_size for f in ours.glob("*.safetensors")) / 1e9, 2),
        "seconds": times, "peakMegabytes": peaks, "tensorsEqual": equal,
        "speed": round(statistics.median(t / o for t, o in zip(times["mergekit"], times["banyan"])), 2),
        "memoryShare": round(statistics.median(o / t for t, o in zip(peaks["mergekit"], peaks["banyan"])), 3),
    }), flush=True)
    shutil.rmtree(ours)
    shutil.rmtree(theirs)
