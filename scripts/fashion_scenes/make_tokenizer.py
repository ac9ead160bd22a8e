#!/usr/bin/env python3
"""A small tokenizer in CLIP's format (vocab.json, merges.txt), learned on the words of scene captions."""
import argparse
import collections
import json
import os
import tempfile

from transformers import CLIPTokenizer

from scenes import CLASSES, COLOURS


def word_counts():
    """How often each word is taken to occur; only the order of the merges depends on it."""
    words = collections.Counter()
    for name in CLASSES:
        for word in name.replace("-", " - ").split():
            words[word] += 10
    for colour in COLOURS:
        words[colour] += 12
    words["a"] += 100
    words["and"] += 50
    words[","] += 60
    return words


def byte_characters():
    """CLIP's (GPT-2's) printable stand-ins for the 256 bytes, in the order of its vocabulary."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + place) for place in range(len(others))]


def merge(pieces, pair):
    """Joins every occurrence of the pair in one word's pieces, from the left."""
    joined, place = [], 0
    while place < len(pieces):
        if tuple(pieces[place : place + 2]) == pair:
            joined.append("".join(pair))
            place += 2
        else:
            joined.append(pieces[place])
            place += 1
    return joined


def learn_merges(words):
    """Byte-pair encoding: joins the most frequent pair until every word is one piece."""
    pieces = {word: list(word[:-1]) + [word[-1] + "</w>"] for word in words}
    merges = []
    while True:
        pairs = collections.Counter()
        for word, parts in pieces.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += words[word]
        if not pairs:
            return merges
        best = max(sorted(pairs), key=lambda pair: pairs[pair])
        merges.append(best)
        pieces = {word: merge(parts, best) for word, parts in pieces.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="folder of the tokenizer")
    args = parser.parse_args()
    merges = learn_merges(word_counts())
    characters = byte_characters()
    vocabulary = characters + [c + "</w>" for c in characters] + [a + b for a, b in merges]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/vocab.json", "w") as file:
            json.dump({piece: place for place, piece in enumerate(vocabulary)}, file, ensure_ascii=False)
        with open(f"{folder}/merges.txt", "w") as file:
            file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
        tokenizer = CLIPTokenizer(
            f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=32, pad_token="<|endoftext|>"
        )
    os.makedirs(args.out, exist_ok=True)
    tokenizer.save_pretrained(args.out)
    example = "a red t-shirt, a blue bag, a white sneaker and a magenta boot"
    print(f"{len(tokenizer)} tokens; {example!r}: {tokenizer(example).input_ids}")


if __name__ == "__main__":
    main()
