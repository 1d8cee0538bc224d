"""Records what the Hugging Face tokenizers library does, as an oracle for Banyan's BPE trainer.

usage: python interop/bpe_golden.py model/src/test/resources/bpe     (needs tokenizers 0.23)

Writes three seeded texts (documents separated by NUL) and for each the trained merges, the splits of
nasty strings by the GPT-2 pattern, the class of every code point in that pattern as ranges, and a small
tokenizer in the style of sentencepiece (metaspace, byte fallback).
"""
import json
import pathlib
import random
import sys

from tokenizers import Tokenizer, __version__, decoders, models, normalizers, pre_tokenizers, processors, trainers

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
SPECIAL = ["<|end|>", "<|user|>", "<|assistant|>"]
BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
DIGITS = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), BYTE_LEVEL])


def prose(rng):
    """Sentences over a Zipf-distributed vocabulary of made-up words, with contractions and numbers."""
    syllables = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "ai")]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(900)]
    weights = [1 / (i + 1) for i in range(len(words))]
    documents = []
    for _ in range(60):
        sentences = []
        for _ in range(rng.randint(3, 25)):
            sentence = rng.choices(words, weights, k=rng.randint(3, 14))
            if rng.random() < 0.3:
                sentence.insert(1, str(rng.randint(0, 99999)))
            if rng.random() < 0.3:
                sentence[0] += rng.choice(["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'x"])
            sentences.append(" ".join(sentence).capitalize() + rng.choice([".", "!", "?", ", "]))
        documents.append(rng.choice([" ", "  ", "\n", "\n\n", "\r\n\t"]).join(sentences))
    return documents


def scripts(rng):
    """Runs of many scripts, spaces of all kinds, marks, numbers of all kinds, emoji sequences."""
    alphabets = ["abcxyz", "àéîõüß", "абвгдеж", "αβγδε", "אבגדה", "ابتثج", "अआइकखग", "漢字仮名交", "かなカナ",
                 "한글자모", "๐๑๒กขค", "0123456789", "٠١٢٣", "Ⅰⅱ½²³①", "!?.,;:'\"()[]", "\u0301\u0308\u20dd",
                 "😀👩\u200d💻🇨🇭", "𝒜𝓑𝟘𝟙", "_-+=<>|$€"]
    spaces = [" ", "  ", "\n", "\t", "\u00a0", "\u3000", "\u2003 ", "\u1680", "\u0085", "\u2028", "\u200b", "\u0000"[:0]]
    documents = []
    for _ in range(40):
        document = ""
        for _ in range(rng.randint(20, 150)):
            alphabet = rng.choice(alphabets)
            document += "".join(rng.choices(alphabet, k=rng.randint(1, 5))) + rng.choice(spaces)
        documents.append(document)
    return documents


def repeats(rng):
    """A tiny alphabet: many ties, overlapping pairs, and tokens that two pairs spell."""
    return ["".join(rng.choices("ab", k=4000)), "a" * 777, "".join(rng.choices("abc ", k=6000)), "abab" * 300]


def train(documents, vocab, minimum, digits):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = DIGITS if digits else BYTE_LEVEL
    tokenizer.train_from_iterator(documents, trainers.BpeTrainer(
        vocab_size=vocab, min_frequency=minimum, special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    saved = json.loads(tokenizer.to_str())
    tokens = sorted(saved["model"]["vocab"], key=saved["model"]["vocab"].get)
    return dict(vocab_size=vocab, min_frequency=minimum, individual_digits=digits,
                merges=[" ".join(pair) for pair in saved["model"]["merges"]], tokens=tokens[len(SPECIAL) + 256:])


for name, make, vocab in (("prose", prose, 1200), ("scripts", scripts, 900), ("repeats", repeats, 500)):
    documents = make(random.Random(20260101))
    (out / f"{name}.txt").write_text("\0".join(documents), encoding="utf-8", newline="")
    golden = dict(tokenizers=__version__, special_tokens=SPECIAL,
                  runs=[train(documents, vocab, 0, False), train(documents, vocab, 25, True)])
    (out / f"{name}.json").write_text(json.dumps(golden, ensure_ascii=False, indent=0), encoding="utf-8")
    print(name, sum(map(len, documents)), [len(run["merges"]) for run in golden["runs"]])

rng = random.Random(7)
atoms = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'", "'r", "'l", "'S", " ", "  ", "\n", "\r", "\t", "\u00a0", "\u3000", "\u2009",
         "\u0085", "\u001c", "\u180e", "\u200b", "a", "Z", "é", "ß", "漢", "ย", "\u0e33", "\u0301", "1", "9", "٣", "½", "Ⅷ", "𝟘", ".", "!",
         "_", "€", "😀", "\u200d", "\ufe0f", "\U000e0020", "\ufffd", "\ufeff", "ﬁ", "ǅ", "ʰ", "〇"]
strings = ["".join(rng.choices(atoms, k=rng.randint(1, 14))) for _ in range(1500)]


def pieces(splitter, string):
    """The pieces as lengths in code points, from the offsets the library gives."""
    return [end - start for _, (start, end) in splitter.pre_tokenize_str(string)]


splits = [dict(text=s, plain=pieces(BYTE_LEVEL, s), digits=pieces(DIGITS, s)) for s in strings]
(out / "splits.json").write_text(json.dumps(splits, ensure_ascii=True, separators=(",", ":")).replace("},{", "},\n{"))


def kind(character):
    for probe, name in (("a", "L"), ("1", "N"), ("!", "O")):
        if len(BYTE_LEVEL.pre_tokenize_str(probe + character)) == 1:
            return name
    return "S"


ranges = []
for code in range(0x110000):
    if 0xD800 <= code <= 0xDFFF:
        continue
    k = kind(chr(code))
    if ranges and ranges[-1][2] == k and ranges[-1][1] in (code - 1, 0xD7FF):
        ranges[-1][1] = code
    else:
        ranges.append([code, code, k])
(out / "classes.txt").write_text("\n".join(f"{a:x} {b:x} {k}" for a, b, k in ranges) + "\n")
print(len(splits), "splits", len(ranges), "ranges")


def sentencepiece_style(documents):
    """A BPE with byte fallback whose decoder replaces, joins bytes and strips one leading space, as Llama 2's."""
    byte_tokens = [f"<0x{b:02X}>" for b in range(256)]
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.train_from_iterator([w for d in documents for w in d.split("\n")], trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>"] + byte_tokens, show_progress=False, max_token_length=8))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = saved["added_tokens"][:3]      # the bytes are ordinary tokens there
    return saved


folder = out / "sentencepiece"
folder.mkdir(exist_ok=True)
(folder / "tokenizer.json").write_text(json.dumps(sentencepiece_style(prose(random.Random(3))), ensure_ascii=False, indent=0))
(folder / "tokenizer_config.json").write_text(json.dumps(dict(bos_token=dict(content="<s>", lstrip=False), eos_token="</s>",
    chat_template=[dict(name="tool", template="no"), dict(name="default", template="{{ messages[0].content }}")])))
loaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
texts = ["Ka teva mu.", " two  spaces", "", "漢字 and 😀 x", "line\nbreak\tand é", "<s>inside</s> after"]
(folder / "expected.json").write_text(json.dumps([dict(text=t, with_special=loaded.encode(t).ids,
    without=loaded.encode(t, add_special_tokens=False).ids, decoded=loaded.decode(loaded.encode(t).ids),
    kept=loaded.decode(loaded.encode(t).ids, skip_special_tokens=False)) for t in texts], indent=0))
