"""The transformers side of the decode speed comparison.

usage: python decode_speed_peer.py FOLDER BATCHES PROMPT TOKENS THREADS      (needs torch and transformers)

Generates TOKENS tokens greedily after PROMPT random tokens with transformers' generate, in the type the
folder is stored in, for each batch size of BATCHES (1,8), after one short run to warm up. Prints one JSON line.
"""
import json
import sys
import time

import torch
import transformers

folder, batches, prompt, tokens, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
torch.set_num_threads(threads)
transformers.logging.set_verbosity_error()
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
model.generation_config.eos_token_id = None
model.generation_config.pad_token_id = 0
said = dict(peer=f"transformers {transformers.__version__}, torch {torch.__version__}", dtype=str(model.dtype))
with torch.inference_mode():
    for batch in map(int, batches.split(",")):
        ids = torch.randint(0, model.config.vocab_size, (batch, prompt), generator=torch.Generator().manual_seed(1))
        mask = torch.ones_like(ids)

        def generate(count):
            return model.generate(ids, attention_mask=mask, do_sample=False, min_new_tokens=count, max_new_tokens=count)

        generate(16)
        start = time.perf_counter()
        out = generate(tokens)
        seconds = time.perf_counter() - start
        assert out.shape[1] == prompt + tokens
        said[f"tokensPerSecond{batch}"] = batch * tokens / seconds
print(json.dumps(said))
