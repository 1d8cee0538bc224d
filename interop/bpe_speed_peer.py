"""The Hugging Face side of the BPE trainer comparison.

usage: python bpe_speed_peer.py FILE VOCAB OUT     (needs tokenizers 0.23; documents separated by NUL)

Trains byte-level BPE on FILE, writes tokenizer.json to OUT, and prints one JSON line: the seconds that
training alone took, without reading the text and writing the result.
"""
import json
import sys
import time

from tokenizers import Tokenizer, __version__, models, pre_tokenizers, trainers

documents = open(sys.argv[1], encoding="utf-8", newline="").read().split("\0")
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
trainer = trainers.BpeTrainer(vocab_size=int(sys.argv[2]), min_frequency=2, special_tokens=["<|end|>", "<|user|>"],
                              initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
start = time.perf_counter()
tokenizer.train_from_iterator(documents, trainer)
seconds = time.perf_counter() - start
tokenizer.save(sys.argv[3])
print(json.dumps(dict(peer="tokenizers " + __version__, seconds=seconds)))
