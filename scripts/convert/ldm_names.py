"""Names of CompVis' latent-diffusion code (and of Stable Diffusion's original releases) to those of diffusers.

Each function takes the names (and shapes) of one network and returns {original name: diffusers' name}; None as the new name
says that the network has no use for the tensor. The blocks are found by what they contain, so that every width, depth and
attention layout of this code maps: LDM-4, SD 1.x, SD 2.x, SDXL.
"""
import re

RESNET_UNET = {"in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
               "out_layers.3": "conv2", "skip_connection": "conv_shortcut"}
RESNET_VAE = {"norm1": "norm1", "conv1": "conv1", "norm2": "norm2", "conv2": "conv2", "nin_shortcut": "conv_shortcut",
              "conv_shortcut": "conv_shortcut", "temb_proj": "time_emb_proj"}
ATTENTION_VAE = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def split_leaf(name):
    """"a.b.weight" -> ("a.b", "weight")."""
    return tuple(name.rsplit(".", 1))


def resnet_unet(rest):
    module, leaf = split_leaf(rest)
    return f"{RESNET_UNET[module]}.{leaf}"


def input_blocks(names):
    """Number of an input block -> (where its first part goes, where its second part goes)."""
    parts = {}
    for name in names:
        match = re.match(r"input_blocks\.(\d+)\.(\d+)\.(.+)", name)
        if match:
            parts.setdefault(int(match[1]), {}).setdefault(int(match[2]), set()).add(match[3].split(".")[0])
    places, level, layer = {}, 0, 0
    for number in sorted(parts):
        if number == 0:
            places[0] = ("conv_in", None)
        elif "op" in parts[number][0]:
            places[number] = (f"down_blocks.{level}.downsamplers.0", None)
            level, layer = level + 1, 0
        else:
            places[number] = (f"down_blocks.{level}.resnets.{layer}", f"down_blocks.{level}.attentions.{layer}")
            layer += 1
    return places, level + 1


def unet_names(names):
    """Of model.diffusion_model (an openaimodel.UNetModel)."""
    places, levels = input_blocks(names)
    outputs = 1 + max(int(name.split(".")[1]) for name in names if name.startswith("output_blocks."))
    per_level = outputs // levels
    result = {}
    for name in names:
        head, *rest = name.split(".")
        tail = ".".join(rest)
        leaf = rest[-1]
        if head == "time_embed":
            result[name] = {"0": "time_embedding.linear_1", "2": "time_embedding.linear_2"}[rest[0]] + "." + leaf
        elif head == "label_emb":
            result[name] = {"0": "add_embedding.linear_1", "2": "add_embedding.linear_2"}[rest[1]] + "." + leaf
        elif head == "out":
            result[name] = {"0": "conv_norm_out", "2": "conv_out"}[rest[0]] + "." + leaf
        elif head == "input_blocks":
            first, second = places[int(rest[0])]
            inner = ".".join(rest[2:])
            if rest[1] == "1":
                result[name] = f"{second}.{inner}"
            elif first == "conv_in":
                result[name] = f"conv_in.{inner}"
            elif "downsamplers" in first:
                result[name] = f"{first}.conv.{leaf}"
            else:
                result[name] = f"{first}.{resnet_unet(inner)}"
        elif head == "middle_block":
            inner = ".".join(rest[1:])
            result[name] = {"0": "mid_block.resnets.0.", "1": "mid_block.attentions.0.", "2": "mid_block.resnets.1."}[rest[0]]
            result[name] += inner if rest[0] == "1" else resnet_unet(inner)
        elif head == "output_blocks":
            level, layer = divmod(int(rest[0]), per_level)
            inner = ".".join(rest[2:])
            if rest[1] == "0":
                result[name] = f"up_blocks.{level}.resnets.{layer}.{resnet_unet(inner)}"
            elif inner.startswith("conv."):
                result[name] = f"up_blocks.{level}.upsamplers.0.{inner}"
            else:
                result[name] = f"up_blocks.{level}.attentions.{layer}.{inner}"
        else:
            raise KeyError(f"{name}: not a tensor of this UNet ({tail})")
    return result


def autoencoder_names(names):
    """Of first_stage_model (AutoencoderKL or VQModelInterface) and of the DDPM UNets, which are built alike."""
    levels = 1 + max(int(match[1]) for match in (re.match(r"(?:decoder\.)?up\.(\d+)\.", name) for name in names) if match)
    result = {}
    for name in names:
        if name.startswith(("loss.", "model_ema.")) or name in ("colorize",):
            result[name] = None
            continue
        new = name
        new = re.sub(r"(^|\.)down\.(\d+)\.", r"\1down_blocks.\2.", new)
        new = re.sub(r"(^|\.)up\.(\d+)\.", lambda m: f"{m[1]}up_blocks.{levels - 1 - int(m[2])}.", new)
        new = re.sub(r"(^|\.)downsample\.conv\.", r"\1downsamplers.0.conv.", new)
        new = re.sub(r"(^|\.)upsample\.conv\.", r"\1upsamplers.0.conv.", new)
        new = re.sub(r"(^|\.)mid\.", r"\1mid_block.", new)
        new = re.sub(r"(^|\.)norm_out\.", r"\1conv_norm_out.", new)
        new = re.sub(r"^temb\.dense\.([01])\.", lambda m: f"time_embedding.linear_{int(m[1]) + 1}.", new)
        inner = re.search(r"\.(block|attn)[._](\d+)\.(.+)$", new)
        if inner:
            module, leaf = split_leaf(inner[3])
            number = int(inner[2]) - 1 if "mid_block" in new else int(inner[2])
            kind, table = ("resnets", RESNET_VAE) if inner[1] == "block" else ("attentions", ATTENTION_VAE)
            new = f"{new[:inner.start()]}.{kind}.{number}.{table[module]}.{leaf}"
        result[name] = new
    return result


def without_unit_kernels(tensors):
    """The attention of the autoencoders is 1x1 convolutions there, linear layers here."""
    def squeeze(name, value):
        linear = re.search(r"attentions\.\d+\.(to_q|to_k|to_v|to_out\.0)\.weight$", name)
        return value[:, :, 0, 0] if linear and value.ndim == 4 else value
    return {name: squeeze(name, value) for name, value in tensors.items()}


OPEN_CLIP = {"positional_embedding": "text_model.embeddings.position_embedding.weight",
             "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
             "ln_final.weight": "text_model.final_layer_norm.weight", "ln_final.bias": "text_model.final_layer_norm.bias"}
OPEN_CLIP_LAYER = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
                   "attn.out_proj": "self_attn.out_proj"}


def split_in_three(value):
    """q, k and v, one above the other."""
    third = value.shape[0] // 3
    return [value[i * third:(i + 1) * third] for i in range(3)]


def open_clip_tensors(tensors, layers, projection):
    """OpenCLIP's text tower (SD 2.x, SDXL's second encoder) as transformers' CLIPTextModel (with projection)."""
    result = {}
    for name, value in tensors.items():
        layer = re.match(r"transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$", name)
        if name in OPEN_CLIP:
            result[OPEN_CLIP[name]] = value
        elif name == "text_projection":
            if projection:
                result["text_projection.weight"] = value.T
        elif name == "logit_scale" or name == "attn_mask":
            continue
        elif layer and int(layer[1]) >= layers:
            continue                       # SD 2.x stops before the last layer
        elif layer and layer[2] == "attn.in_proj":
            for part, piece in zip("qkv", split_in_three(value)):
                result[f"text_model.encoder.layers.{layer[1]}.self_attn.{part}_proj.{layer[3]}"] = piece
        elif layer:
            module = OPEN_CLIP_LAYER[layer[2]]
            result[f"text_model.encoder.layers.{layer[1]}.{module}.{layer[3]}"] = value
        else:
            raise KeyError(f"{name}: not a tensor of OpenCLIP's text tower")
    return result
