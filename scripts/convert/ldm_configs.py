"""Configurations of networks as far as their tensors tell them (diffusers' names throughout)."""
import re


def count(names, pattern):
    """1 + the largest number that the group of `pattern` takes."""
    found = [int(match[1]) for match in (re.match(pattern, name) for name in names) if match]
    return 1 + max(found) if found else 0


def unet_config(tensors, heads, image_size, pooled_width=None):
    """UNet2DConditionModel. `heads`: heads per layer, or None for 64 channels a head (SD 2.x, SDXL). `pooled_width`: of the
    pooled text that SDXL adds to the time embedding, beside six numbers (original size, crop, target size) as sinusoids."""
    levels = count(tensors, r"down_blocks\.(\d+)\.")
    layers = count(tensors, r"down_blocks\.0\.resnets\.(\d+)\.")
    channels = [tensors[f"down_blocks.{level}.resnets.0.conv1.weight"].shape[0] for level in range(levels)]
    attends = [any(name.startswith(f"down_blocks.{level}.attentions.") for name in tensors) for level in range(levels)]
    depth = [count(tensors, rf"down_blocks\.{level}\.attentions\.0\.transformer_blocks\.(\d+)\.") for level in range(levels)]
    cross = [value.shape[1] for name, value in tensors.items() if name.endswith("attn2.to_k.weight")]
    projections = [value for name, value in tensors.items() if name.endswith("proj_in.weight")]
    added = "add_embedding.linear_1.weight" in tensors
    config = {
        "_class_name": "UNet2DConditionModel", "act_fn": "silu", "center_input_sample": False, "downsample_padding": 1,
        "flip_sin_to_cos": True, "freq_shift": 0, "mid_block_scale_factor": 1, "norm_eps": 1e-5, "norm_num_groups": 32,
        "sample_size": image_size, "in_channels": tensors["conv_in.weight"].shape[1], "out_channels": tensors["conv_out.weight"].shape[0],
        "layers_per_block": layers, "block_out_channels": channels, "cross_attention_dim": cross[0],
        "attention_head_dim": heads if heads else [max(1, width // 64) for width in channels],
        "use_linear_projection": projections[0].ndim == 2,
        "transformer_layers_per_block": [max(1, one) for one in depth] if any(one > 1 for one in depth) else 1,
        "down_block_types": ["CrossAttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
    }
    if added:
        width = tensors["add_embedding.linear_1.weight"].shape[1]
        config.update({"addition_embed_type": "text_time", "addition_time_embed_dim": (width - pooled_width) // 6,
                       "projection_class_embeddings_input_dim": width})
    return config


def autoencoder_config(tensors, kind, image_size, scaling_factor):
    """AutoencoderKL or VQModel."""
    levels = count(tensors, r"encoder\.down_blocks\.(\d+)\.")
    channels = [tensors[f"encoder.down_blocks.{level}.resnets.0.conv1.weight"].shape[0] for level in range(levels)]
    latent = tensors["post_quant_conv.weight"].shape[0]
    config = {
        "_class_name": kind, "act_fn": "silu", "in_channels": tensors["encoder.conv_in.weight"].shape[1],
        "out_channels": tensors["decoder.conv_out.weight"].shape[0], "latent_channels": latent, "block_out_channels": channels,
        "layers_per_block": count(tensors, r"encoder\.down_blocks\.0\.resnets\.(\d+)\."), "norm_num_groups": 32,
        "sample_size": image_size, "scaling_factor": scaling_factor,
        "down_block_types": ["DownEncoderBlock2D"] * levels, "up_block_types": ["UpDecoderBlock2D"] * levels,
    }
    if kind == "VQModel":
        codes = tensors["quantize.embedding.weight"]
        config.update({"num_vq_embeddings": codes.shape[0], "vq_embed_dim": codes.shape[1],
                       "mid_block_add_attention": any("encoder.mid_block.attentions" in name for name in tensors)})
    return config


def clip_config(tensors, activation, eos_token_id, heads=None):
    """CLIPTextModel, with projection if the tensors have one. 64 channels a head, as all of CLIP's towers."""
    vocabulary, width = tensors["text_model.embeddings.token_embedding.weight"].shape
    projection = tensors.get("text_projection.weight")
    return {
        "architectures": ["CLIPTextModel" if projection is None else "CLIPTextModelWithProjection"], "model_type": "clip_text_model",
        "vocab_size": vocabulary, "hidden_size": width, "intermediate_size": tensors["text_model.encoder.layers.0.mlp.fc1.weight"].shape[0],
        "num_hidden_layers": count(tensors, r"text_model\.encoder\.layers\.(\d+)\."), "num_attention_heads": heads or max(1, width // 64),
        "max_position_embeddings": tensors["text_model.embeddings.position_embedding.weight"].shape[0], "hidden_act": activation,
        "layer_norm_eps": 1e-5, "projection_dim": width if projection is None else projection.shape[0], "bos_token_id": 0,
        "pad_token_id": 1, "eos_token_id": eos_token_id,
    }
