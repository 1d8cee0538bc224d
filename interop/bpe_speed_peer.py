"""Times the Hugging Face BPE trainer on texts: splitting and counting alone, and all of it.

usage: python interop/bpe_speed_peer.py FILE VOCAB        (needs tokenizers 0.23; documents separated by NUL)
"""
import sys
import time

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

documents = open(sys.argv[1], encoding="utf-8", newline="").read().split("\0")


def seconds(vocab):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(vocab_size=vocab, min_frequency=2, special_tokens=["<|end|>", "<|user|>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    start = time.perf_counter()
    tokenizer.train_from_iterator(documents, trainer)
    return time.perf_counter() - start


count, whole = seconds(258), seconds(int(sys.argv[2]))
print(f"countSeconds {count:.3f} wholeSeconds {whole:.3f} mergeSeconds {max(0.0, whole - count):.3f}")
