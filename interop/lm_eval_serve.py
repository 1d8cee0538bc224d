"""lm-evaluation-harness against a running 'banyan serve', held against transformers in this process.

usage: python lm_eval_serve.py MODEL URL       (needs lm_eval, transformers, torch, datasets)
       banyan serve life/pretrain/model --port 8000
       python lm_eval_serve.py life/pretrain/model http://127.0.0.1:8000

All request types of --model local-completions (loglikelihood of choices, rolling loglikelihood, generate_until) on
tasks that this script writes (YAML and JSONL, no network), with batch 1 and 8 and concurrent 1 and 16. Prints one line
for each and exits 1 when a log-probability is more than 1e-4 from that of --model hf, a generated text or an
"is greedy" differs, or two ways of asking the server differ at all.
"""
import json
import os
import random
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
model, url = sys.argv[1], sys.argv[2].rstrip("/").removesuffix("/v1")
work = tempfile.mkdtemp()
os.environ["HF_DATASETS_CACHE"] = work + "/cache"

from lm_eval import simple_evaluate  # noqa: E402  (after the environment is set)
from lm_eval.tasks import TaskManager  # noqa: E402

WITHIN = 1e-4
draw = random.Random(1)
people = ["Zisek", "Torela", "Heilan", "Shalela", "Kromek", "Brudan"]
things = ["bottle", "map", "lamp", "rope", "basket", "bell"]
places = ["the cupboard", "the bucket", "the bag", "the garden", "the old mill"]


def lines(name, rows):
    path = f"{work}/{name}.jsonl"
    with open(path, "w") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def story():
    who, what, where = draw.choice(people), draw.choice(things), draw.sample(places, 2)
    return f"{who} put the {what} in {where[0]}. Then {who} put the {what} in {where[1]}.", what, where


def choices(count):
    for _ in range(count):
        text, what, where = story()
        yield {"question": f"{text} Where is the {what}?", "options": ["in " + p for p in places],
               "right": places.index(where[1])}


def task(name, path, body):
    with open(f"{work}/{name}.yaml", "w") as out:
        out.write(f"task: {name}\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {path}\n"
                  f"test_split: test\nmetadata:\n  version: 1\n{body}")


task("own_choice", lines("own_choice", choices(12)),
     "output_type: multiple_choice\ndoc_to_text: question\ndoc_to_choice: options\ndoc_to_target: right\n"
     "metric_list:\n  - metric: acc\n")
task("own_rolling", lines("own_rolling", [{"text": " ".join(story()[0] for _ in range(n))} for n in (1, 2, 3, 1, 2)]),
     "output_type: loglikelihood_rolling\ndoc_to_text: ''\ndoc_to_target: text\nmetric_list:\n"
     "  - metric: bits_per_byte\n")
task("own_generated", lines("own_generated", [{"text": story()[0], "right": "x"} for _ in range(10)]),
     "output_type: generate_until\ndoc_to_text: text\ndoc_to_target: right\ngeneration_kwargs:\n  until: ['\\n']\n"
     "  max_gen_toks: 24\n  temperature: 0.0\n  do_sample: false\nmetric_list:\n  - metric: exact_match\n")
names = ["own_choice", "own_rolling", "own_generated"]
manager = TaskManager(include_path=work, include_defaults=False)
length = json.load(open(model + "/config.json"))["max_position_embeddings"]


def ran(kind, arguments, batch):
    result = simple_evaluate(model=kind, model_args=arguments, tasks=names, task_manager=manager, batch_size=batch,
                             bootstrap_iters=0, log_samples=True, random_seed=0, numpy_random_seed=0,
                             torch_random_seed=0)
    found = {}
    for name in names:
        for sample in sorted(result["samples"][name], key=lambda s: s["doc_id"]):
            for i, answer in enumerate(sample["filtered_resps"]):
                found[name, sample["doc_id"], i] = answer
    return found


def compared(mine, theirs):
    """The largest distance of a log-probability, and what else is not the same."""
    assert mine.keys() == theirs.keys()
    far, other = dict.fromkeys(names, 0.0), []
    for key, a in mine.items():
        b = theirs[key]
        if key[0] == "own_generated":
            other += [] if a == b else [f"{key}: {a!r} is not {b!r}"]
        elif isinstance(a, (tuple, list)):
            far[key[0]] = max(far[key[0]], abs(a[0] - b[0]))
            other += [] if a[1] == b[1] else [f"{key}: greedy {a[1]} is not {b[1]}"]
        else:
            far[key[0]] = max(far[key[0]], abs(a - b))
    return max(far.values()), other


in_process = ran("hf", {"pretrained": model, "dtype": "float32", "device": "cpu", "max_length": length,
                         "add_bos_token": True}, 4)
kinds = {name: sum(key[0] == name for key in in_process) for name in names}
print("in process, transformers: " + ", ".join(f"{n} answers of {name}" for name, n in kinds.items()), flush=True)
first, wrong = None, 0
for batch in (1, 8):
    for concurrent in (1, 16):
        found = ran("local-completions", {
            "model": os.path.basename(os.path.normpath(model)), "base_url": url + "/v1/completions",
            "tokenizer_backend": "huggingface", "tokenizer": model, "tokenized_requests": True,
            "num_concurrent": concurrent, "max_length": length, "max_retries": 1,
            "add_bos_token": True}, batch)
        first = first or found
        far, other = compared(found, in_process)
        apart, differing = compared(found, first)
        print(f"batch {batch}, concurrent {concurrent}: at most {far:.1e} from transformers, {len(other)} else not "
              f"the same; {apart:.1e} from batch 1, concurrent 1, {len(differing)} else not the same", flush=True)
        for line in (other + differing)[:5]:
            print("   " + line)
        wrong += far > WITHIN or bool(other) or apart > 0 or bool(differing)
sys.exit(1 if wrong else 0)
