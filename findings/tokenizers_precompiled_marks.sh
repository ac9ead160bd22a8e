#!/usr/bin/env bash
# tokenizers 0.23.3 and sentencepiece 0.2.3 normalise the same text differently with the same table: T5's fast tokenizers lose
# combining marks that sentencepiece keeps.
#
# A spiece.model with the rule nmt_nfkc (T5, UMT5 and most others) holds a table of characters, which tokenizer.json repeats as its
# normaliser "Precompiled". sentencepiece replaces the longest entry at each place. tokenizers look at grapheme clusters: a
# cluster of less than six bytes becomes, as a whole, what the SHORTEST entry at its beginning stands for. So a mark behind a
# character that the table replaces is dropped: the accent of "ﬁ" + U+0301, of a circled or a fullwidth letter. Half-width katakana of
# six bytes ("ｶﾞ") go character by character and keep their mark, but as a mark of its own: カ and U+3099 where sentencepiece has the
# one character ガ. Characters that the table leaves alone ("x" + U+0301) keep their marks in both.
#
# So the ids that a text encoder gets for such text depend on which file of the same folder is read. Nothing is said at run time.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3 sentencepiece==0.2.3 protobuf==7.36.2

HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - <<'PY'
import io
import sys

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import normalizers

words = "the cat sat on a mat and the dog ran at the cat while a bird sang ".split() * 40
model = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(words), model_writer=model, vocab_size=60, hard_vocab_limit=False, model_type="unigram",
    normalization_rule_name="nmt_nfkc", add_dummy_prefix=False, minloglevel=2)
proto = sentencepiece_model_pb2.ModelProto()
proto.ParseFromString(model.getvalue())
fast = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
own = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())

seen = {}
for text in ("\ufb01\u0301", "\u2460\u0308", "\uff48\u0301", "\uff76\uff9e", "x\u0301"):
    seen[text] = (fast.normalize_str(text), own.normalize(text))
    print(*(" ".join(f"U+{ord(c):04X}" for c in part) for part in (text, *seen[text])), sep="   ")
as_seen = seen == {
    "\ufb01\u0301": ("fi", "fi\u0301"),
    "\u2460\u0308": ("1", "1\u0308"),
    "\uff48\u0301": ("h", "h\u0301"),
    "\uff76\uff9e": ("\u30ab\u3099", "\u30ac"),
    "x\u0301": ("x\u0301", "x\u0301"),
}
sys.exit(0 if as_seen else 1)
PY
