#!/usr/bin/env bash
# transformers 5.24.0: which names a CLIPTextModel's tensors have in the file that it saves depends on how the object came about.
#
# CLIPTextModel(config).save_pretrained writes "embeddings.token_embedding.weight"; the same model loaded from a file with the
# names of version 4 ("text_model.embeddings.token_embedding.weight") writes the old names again, and CLIPTextModelWithProjection
# always does. Class and config.json are the same in all cases. transformers itself reads both; a reader that knows one set of
# names refuses half of the folders, and one that takes what fits loads nothing.
#
# Exits with 0 while that is so, with 1 when it has changed.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check torch==2.11.0 transformers==5.24.0 safetensors==0.8.0 numpy==2.4.6

HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - "$folder" <<'PY'
import pathlib
import sys

import transformers
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
folder = pathlib.Path(sys.argv[1])
config = CLIPTextConfig(vocab_size=514, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, projection_dim=4)


def prefixed(path):
    return all(name.startswith(("text_model.", "text_projection.")) for name in load_file(path / "model.safetensors"))


CLIPTextModel(config).save_pretrained(folder / "made")
tensors = load_file(folder / "made/model.safetensors")
(folder / "old").mkdir()
(folder / "old/config.json").write_text((folder / "made/config.json").read_text())
save_file({"text_model." + name: tensor for name, tensor in tensors.items()}, folder / "old/model.safetensors", {"format": "pt"})
CLIPTextModel.from_pretrained(folder / "old").save_pretrained(folder / "loaded")
CLIPTextModelWithProjection(config).save_pretrained(folder / "projection")
found = {name: prefixed(folder / name) for name in ("made", "loaded", "projection")}
print("names begin with text_model.:", found)

as_seen = found == {"made": False, "loaded": True, "projection": True}
print("as described" if as_seen else "CHANGED")
sys.exit(not as_seen)
PY
