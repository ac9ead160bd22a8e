"""What the conversions share: reading checkpoints without running them, and writing model folders."""
import collections
import json
import os
import pickle
import shutil
import sys

import safetensors.torch
import torch


class Inert(dict):
    """Stands for whatever a checkpoint carries beside tensors (callbacks, configurations): keeps nothing, does nothing."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def __setstate__(self, state):
        pass

    def __call__(self, *args, **kwargs):
        return Inert()

    def append(self, item):
        pass

    def extend(self, items):
        pass


class InertUnpickler(pickle.Unpickler):
    """Makes tensors and plain containers; every other class of the pickle becomes Inert instead of being imported."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"):
            return super().find_class(module, name)
        if module in ("torch", "torch.storage") and (name.endswith("Storage") or name == "Size" or isinstance(getattr(torch, name, None), torch.dtype)):
            return super().find_class(module, name)
        return Inert


class InertPickle:
    """A `pickle_module` for torch.load."""

    Unpickler = InertUnpickler

    @staticmethod
    def load(file, **kwargs):
        return InertUnpickler(file, **kwargs).load()


def read_checkpoint(path):
    """All tensors of a .safetensors, .ckpt, .pt, .pth or .bin file, by name. Nothing in the file is executed."""
    if not os.path.isfile(path):
        sys.exit(f"{path}: no such file")
    if path.endswith(".safetensors"):
        return safetensors.torch.load_file(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        content = torch.load(path, map_location="cpu", weights_only=False, pickle_module=InertPickle)
    return tensors_of(content, path)


def tensors_of(content, path):
    """The state dict inside a checkpoint: the ermongroup/ddim list ends with the averaged weights, Lightning nests them."""
    if isinstance(content, (list, tuple)):
        dicts = [one for one in content if isinstance(one, dict) and any(torch.is_tensor(v) for v in one.values())]
        if not dicts:
            sys.exit(f"{path}: holds no tensors by name")
        content = dicts[-1]
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        sys.exit(f"{path}: expected tensors by name, found {type(content).__name__}")
    tensors = {str(name): value.detach() for name, value in content.items() if torch.is_tensor(value)}
    if not tensors:
        sys.exit(f"{path}: holds no tensors by name")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name[len("module."):]: value for name, value in tensors.items()}
    return tensors


def with_prefix(tensors, prefix):
    return {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(prefix)}


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def write_tensors(path, tensors):
    """Contiguous, in memory of their own, and only under their final name when complete."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    temporary = path + ".tmp"
    safetensors.torch.save_file({name: value.contiguous().clone() for name, value in tensors.items()}, temporary, metadata={"format": "pt"})
    os.replace(temporary, path)
    print(f"wrote {path}: {len(tensors)} tensors")


def write_model(folder, config, tensors, stem="diffusion_pytorch_model"):
    write_json(os.path.join(folder, "config.json"), config)
    write_tensors(os.path.join(folder, stem + ".safetensors"), tensors)


def write_tokenizer(source, folder, pad_token="<|endoftext|>"):
    """Checkpoints hold no vocabulary; CLIP's is the same for all of them."""
    os.makedirs(folder, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        if not os.path.isfile(os.path.join(source, name)):
            sys.exit(f"{os.path.join(source, name)}: missing; --tokenizer names a folder with CLIP's vocab.json and merges.txt "
                     "(that of openai/clip-vit-large-patch14)")
        shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
    write_json(os.path.join(folder, "tokenizer_config.json"), {
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": pad_token,
        "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"})


def take_all(names, tensors, what):
    """Renames tensors by `names` {old: new}; a tensor that the mapping does not know ends the conversion."""
    unknown = sorted(set(tensors) - set(names))
    if unknown:
        sys.exit(f"{what}: {len(unknown)} tensors are not known to this conversion, for example {', '.join(unknown[:5])}")
    return {names[old]: value for old, value in tensors.items() if names[old]}


def run(convert, parser):
    """The command line of a conversion; a tensor with an unknown name ends it with a sentence instead of a traceback."""
    try:
        convert(parser.parse_args())
    except KeyError as error:
        sys.exit(f"a tensor has a name that this conversion does not know, or one is missing: {error}")
