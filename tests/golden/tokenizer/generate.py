#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our tokenizer with the `tokenizers` library and writes golden vectors of its answers.

  python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
  cmake --build --preset dev --target tokenize_lines
  /tmp/venv/bin/python tests/golden/tokenizer/generate.py \
      --tool build/dev/tests/model_store/tokenizer/tokenize_lines --lines a.txt.gz b.txt

Exits 1 and shows the first differences if there are any. --write BOOKS makes the golden files anew,
with lines of BOOKS (a text in the public domain) among them.
"""

import argparse
import collections
import gzip
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import cases
import tokenizers

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20240607
NO_LIMIT = 1_000_000
SHOWN_DIFFERENCES = 10


def read_lines(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def uncased():
    """bert-base-uncased, from its vocabulary alone."""
    return tokenizers.BertWordPieceTokenizer(str(HERE / "vocab.txt"), lowercase=True)._tokenizer


def custom():
    """A small cased vocabulary with every option that the uncased one leaves at its default."""
    letters = [chr(c) for c in range(0x21, 0x7F)] + list("éèüßΣσςİıжЖ한中日ｅ😀")
    words = ["the", "Hello", "World", "run", "##ning", "##s", "##x", "e\u0301", "##\u0301", "foo"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = special + list(dict.fromkeys(letters + ["##" + c for c in letters] + words))
    model = tokenizers.models.WordPiece({token: i for i, token in enumerate(vocab)},
                                        unk_token="[UNK]", max_input_chars_per_word=20)
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=None, lowercase=False)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens([tokenizers.AddedToken(t, special=True) for t in special[:4]])
    tokenizer.add_special_tokens([tokenizers.AddedToken("[MASK]", lstrip=True, special=True)])
    tokenizer.add_tokens([
        tokenizers.AddedToken("<right>", rstrip=True, normalized=False),
        tokenizers.AddedToken("single", single_word=True, normalized=False),
        tokenizers.AddedToken("<norm>", normalized=True),
        tokenizers.AddedToken("<both>", lstrip=True, rstrip=True, normalized=True),
    ])
    return tokenizer


def custom_texts():
    rng = random.Random(SEED + 1)
    pieces = ["<right>", "single", "<norm>", "<both>", "[MASK]", "[SEP]", " ", "  ", "\t", "\u00a0",
              "\u3000", "a", "é", "e\u0301", "Hello", "running", "中", "日本", "-", "_", "1", "\0",
              "\u200b", "😀", "xxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxxxxxxx", "İ", "ß"]
    texts = ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 9))) for _ in range(4000)]
    return texts + cases.adversarial(SEED + 2, 8000)


def pair_requests(rng, texts, count):
    """Pairs cut to limits from the special tokens alone to more than is there."""
    for _ in range(count):
        limit = rng.choice([3, 4, 5, 6, 7, 8, 9, 12, 16, 33, 64, 512, NO_LIMIT])
        yield [rng.choice(texts), rng.choice(texts), limit]


def single_requests(rng, texts, count):
    for _ in range(count):
        yield [rng.choice(texts), None, rng.choice([2, 3, 4, 5, 8, 17, 64, 256, 512])]


def reference_answers(tokenizer, requests):
    """[ids, types] of each request; types of single texts stay empty, as in our answers."""
    answers = [None] * len(requests)
    by_limit = collections.defaultdict(list)
    for i, (_, pair, limit) in enumerate(requests):
        by_limit[limit, pair is None].append(i)
    for (limit, is_single), places in by_limit.items():
        tokenizer.no_truncation()
        if limit != NO_LIMIT:
            tokenizer.enable_truncation(limit)
        inputs = [requests[i][0] if is_single else tuple(requests[i][:2]) for i in places]
        for i, encoding in zip(places, tokenizer.encode_batch(inputs)):
            answers[i] = [encoding.ids, [] if is_single else encoding.type_ids]
    tokenizer.no_truncation()
    return answers


def our_answers(tool, directory, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    run = subprocess.run([tool, str(directory)], input=text, capture_output=True, check=True,
                         encoding="utf-8")
    return [json.loads(line) for line in run.stdout.splitlines()]


def compare(name, tool, directory, tokenizer, requests):
    """Prints a line about `requests`; returns how many answers differ."""
    requests = iter(requests)
    total = tokens = differing = 0
    while chunk := list(itertools.islice(requests, 100_000)):
        ours = our_answers(tool, directory, chunk)
        theirs = reference_answers(tokenizer, chunk)
        total += len(chunk)
        for request, our, their in zip(chunk, ours, theirs, strict=True):
            tokens += len(their[0])
            if our == their:
                continue
            differing += 1
            if differing <= SHOWN_DIFFERENCES:
                print(f"  {json.dumps(request)}\n    theirs {their}\n    ours   {our}")
    print(f"{name}: {total} texts, {tokens} tokens, {differing} differ", flush=True)
    return differing


def write_golden(path, tokenizer, requests):
    """One answer a line: [text, pair, limit or null, ids, how many of them have type 0]."""
    with open(path, "w", encoding="ascii", newline="\n") as file:
        for (text, pair, limit), (ids, types) in zip(
                requests, reference_answers(tokenizer, requests)):
            row = [text, pair, None if limit == NO_LIMIT else limit, ids,
                   types.count(0) if types else len(ids)]
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    print(f"wrote {len(requests)} answers to {path}")


def write_all(books):
    rng = random.Random(SEED)
    strings = cases.adversarial(SEED, 1400)
    lines = [line[:120] for line in rng.sample(read_lines(books), 1200)]
    requests = [[text, None, NO_LIMIT] for text in strings + lines]
    requests += pair_requests(rng, lines + strings, 400)
    requests += single_requests(rng, lines + strings, 200)
    write_golden(HERE / "uncased.jsonl", uncased(), requests)
    small = custom()
    small.save(str(HERE / "custom" / "tokenizer.json"), pretty=False)
    texts = custom_texts()
    requests = [[text, None, NO_LIMIT] for text in texts[:800] + texts[4000:4400]]
    requests += pair_requests(rng, texts, 100)
    write_golden(HERE / "custom.jsonl", small, requests)


def compare_all(tool, line_files):
    rng = random.Random(SEED + 3)
    reference = uncased()
    with tempfile.TemporaryDirectory() as directory:
        (pathlib.Path(directory) / "vocab.txt").write_bytes((HERE / "vocab.txt").read_bytes())

        def check(name, requests):
            return compare(name, tool, directory, reference, requests)

        strings = cases.adversarial(SEED + 4, 40_000)
        differing = check("adversarial", ([text, None, NO_LIMIT] for text in strings))
        differing += check("pairs", pair_requests(rng, strings, 20_000))
        differing += check("cut", single_requests(rng, strings, 20_000))
        differing += check("code points", ([t, None, NO_LIMIT] for t in cases.every_code_point()))
        for path in line_files:
            differing += check(path, ([line, None, NO_LIMIT] for line in read_lines(path)))
    small = custom()
    with tempfile.TemporaryDirectory() as directory:
        small.save(str(pathlib.Path(directory) / "tokenizer.json"))
        texts = custom_texts()
        requests = [[text, None, NO_LIMIT] for text in texts]
        requests += pair_requests(rng, texts, 10_000)
        requests += ([text, None, NO_LIMIT] for text in cases.every_code_point())
        differing += compare("custom", tool, directory, small, requests)
    return differing


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", help="the built tokenize_lines")
    parser.add_argument("--lines", nargs="*", default=[], metavar="FILE",
                        help="texts to compare, one a line, .gz or plain")
    parser.add_argument("--write", metavar="BOOKS", help="write the golden files")
    options = parser.parse_args()
    if not options.tool and not options.write:
        parser.error("--tool or --write is needed")
    print(f"tokenizers {tokenizers.__version__}")
    if options.write:
        write_all(options.write)
    if options.tool and compare_all(options.tool, options.lines) > 0:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
