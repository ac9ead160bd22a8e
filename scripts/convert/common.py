"""What the conversions share: reading checkpoints without running them, and writing model folders."""
import json
import os
import shutil
import sys

import arrays
import pickles

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENVIRONMENT = os.path.join(ROOT, ".env")      # where scripts/setup installs


def lacks():
    """What this Python lacks for a conversion; None: nothing."""
    for module in ("numpy", "safetensors"):
        try:
            __import__(module)
        except ImportError:
            return module
    return None


def use_environment():
    """The Python that scripts/setup made has what is needed; one that lacks it goes on there."""
    python = os.path.join(ENVIRONMENT, "bin", "python")
    if lacks() and os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT) and os.access(python, os.X_OK) and os.path.isfile(sys.argv[0]):
        os.execv(python, [python, *sys.argv])


use_environment()


def read_checkpoint(path):
    """All tensors of a .safetensors, .ckpt, .pt, .pth or .bin file, by name. Nothing in the file is executed."""
    if not os.path.isfile(path):
        sys.exit(f"{path}: no such file")
    with open(path, "rb") as file:
        if file.read(40).startswith(b"version https://git-lfs.github.com"):
            sys.exit(f"{path}: a Git LFS pointer, not the file itself; run `git lfs pull` in its repository, or download it again")
    if path.lower().endswith(".safetensors"):
        try:
            return without_wrappers(arrays.read_safetensors(path))
        except (ValueError, KeyError, TypeError) as error:
            sys.exit(f"{path}: no safetensors file, or a damaged one: {error}")
    return tensors_of(pickles.read(path), path)


def tensors_of(content, path):
    """The state dict inside a checkpoint: the ermongroup/ddim list ends with the averaged weights, Lightning nests them."""
    if isinstance(content, (list, tuple)):
        dicts = [one for one in content if isinstance(one, dict) and any(arrays.is_array(v) for v in one.values())]
        if not dicts:
            sys.exit(f"{path}: holds no tensors by name")
        content = dicts[-1]
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        sys.exit(f"{path}: expected tensors by name, found {type(content).__name__}")
    tensors = {str(name): value for name, value in content.items() if arrays.is_array(value)}
    if not tensors:
        sys.exit(f"{path}: holds no tensors by name")
    return without_wrappers(tensors)


def without_wrappers(tensors):
    """Names without what torch.compile (a part "_orig_mod" anywhere) and DataParallel ("module." around all) put in."""
    bare = {".".join(part for part in name.split(".") if part != "_orig_mod"): value for name, value in tensors.items()}
    if all(name.startswith("module.") for name in bare):
        bare = {name[len("module."):]: value for name, value in bare.items()}
    return bare if len(bare) == len(tensors) else tensors


def with_prefix(tensors, prefix):
    return {name[len(prefix):]: value for name, value in tensors.items() if name.startswith(prefix)}


def write_json(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def write_tensors(path, tensors):
    """Only under its final name when complete."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    temporary = path + ".tmp"
    arrays.write_safetensors(temporary, tensors)
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
    arguments = parser.parse_args()
    if lacks():
        sys.exit(f"{sys.argv[0]}: {sys.executable} has no {lacks()}: run scripts/setup, which installs it into {ENVIRONMENT}; then this line works as it is")
    try:
        convert(arguments)
    except KeyError as error:
        sys.exit(f"a tensor has a name that this conversion does not know, or one is missing: {error}")
