#!/usr/bin/env python3
"""Saves the tiny models of tests/fixtures again, as today's diffusers and transformers do, with the latents they give.

    python scripts/resaved/make_fixtures.py [--out tests/fixtures/resaved]

Needs scripts/requirements/resaved.txt; CPU, one thread. Every model is loaded in float16 and saved by its pipeline's
save_pretrained; a case holds, for one model and scheduler, the noise and the latents after every call, computed in float32
from the folder that was written, and how far a run in float64 is from them. tests/fixtures/README.md says what is in a case.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import sys
import warnings
import zlib

os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import diffusers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from diffusers import (  # noqa: E402
    DDIMScheduler,
    DDPMPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    I2VGenXLPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    TextToVideoSDPipeline,
    UNet2DConditionModel,
    VQModel,
)
from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection  # noqa: E402

diffusers.utils.logging.set_verbosity_error()
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(1)
torch.set_grad_enabled(False)

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures"
SHARD = "800KB"  # no file over 1 MiB
STEPS = 8
SAMPLES = 2
FRAMES = 3
# The slow and the fast tokenizer differ on the second prompt.
PROMPTS = ["a red bus stops in front of a small cafe", "\u65e5\u672c\u8a9e text, HELLO\u200bworld! it's <|ENDOFTEXT|> 3.5"]
LABELS = [3, 7]
SCHEDULERS = {"ddim": DDIMScheduler, "euler": EulerDiscreteScheduler, "dpm_solver_multistep": DPMSolverMultistepScheduler}
PREDICTS_V = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}


def cases():
    """(model, scheduler, options of the scheduler) of every case."""
    for model in FAMILIES:
        for scheduler in SCHEDULERS:
            yield model, scheduler, {}
    for scheduler in SCHEDULERS:  # as Stable Diffusion 2.1 is sampled
        yield "sd15-tiny", scheduler, PREDICTS_V


def name_of(model, scheduler, options):
    return f"{model}_{scheduler}{'_v' if options else ''}"


class Calls:
    """While open, notes what a scheduler's step returns."""

    def __init__(self, scheduler):
        self.scheduler, self.latents = scheduler, []

    def __enter__(self):
        step = self.step = self.scheduler.step

        def noting(*args, **kwargs):
            result = step(*args, **kwargs)
            self.latents.append((result[0] if isinstance(result, tuple) else result.prev_sample).clone())
            return result

        self.scheduler.step = noting
        return self

    def __exit__(self, *_):
        self.scheduler.step = self.step


def folded_to_clips(latents, frames):
    """[B * F, C, H, W] -> [B, C, F, H, W]."""
    return latents.unflatten(0, (-1, frames)).movedim(1, 2)


@contextlib.contextmanager
def text_model_inside():
    """I2VGenXLPipeline asks its text encoder for text_model, which transformers 5 does not have."""
    cls = CLIPTextModel
    missing = not hasattr(cls, "text_model")
    if missing:
        cls.text_model = property(lambda self: self)
    try:
        yield
    finally:
        if missing:
            del cls.text_model


class Family:
    """A pipeline class of diffusers, its guidance and the shape of its latents."""

    def __init__(self, source, pipeline, guidance, shape):
        self.source, self.pipeline, self.guidance, self.shape = source, pipeline, guidance, shape

    def save(self, name, out):
        pipe = self.pipeline.from_pretrained(self.source, torch_dtype=torch.float16)
        self.change(pipe)
        pipe.save_pretrained(out, max_shard_size=SHARD)

    def change(self, pipe):
        pass

    def open(self, folder, dtype):
        return self.pipeline.from_pretrained(folder, torch_dtype=torch.float32).to(dtype)

    def set_scheduler(self, pipe, scheduler, options):
        pipe.scheduler = SCHEDULERS[scheduler].from_config(pipe.scheduler.config, **options)

    def latents(self, folder, scheduler, options, noise, dtype):
        """[calls, samples, ...] after every call."""
        pipe = self.open(folder, dtype)
        self.set_scheduler(pipe, scheduler, options)
        pipe.set_progress_bar_config(disable=True)
        with Calls(pipe.scheduler) as calls:
            self.run(pipe, noise.to(dtype))
        return torch.stack([self.shaped(one) for one in calls.latents])

    def run(self, pipe, noise):
        pipe(prompt=PROMPTS, latents=noise, num_inference_steps=STEPS, guidance_scale=self.guidance, output_type="latent")

    def shaped(self, latents):
        return latents


class Unconditional(Family):
    def run(self, pipe, noise):
        pipe.scheduler.set_timesteps(STEPS)
        x = noise * pipe.scheduler.init_noise_sigma
        for t in pipe.scheduler.timesteps:
            x = pipe.scheduler.step(pipe.unet(pipe.scheduler.scale_model_input(x, t).to(noise.dtype), t).sample, t, x).prev_sample


class ClassConditional(Family):
    """LDM-4, for which diffusers has the networks but no pipeline: the folder is put together from their parts."""

    def save(self, name, out):
        UNet2DConditionModel.from_pretrained(self.source / "unet", torch_dtype=torch.float16).save_pretrained(out / "unet", max_shard_size=SHARD)
        VQModel.from_pretrained(self.source / "vqvae", torch_dtype=torch.float16).save_pretrained(out / "vqvae", max_shard_size=SHARD)
        DDIMScheduler.from_pretrained(self.source / "scheduler").save_pretrained(out / "scheduler")
        shutil.copytree(self.source / "class_embedder", out / "class_embedder")
        index = json.loads((self.source / "model_index.json").read_text())
        index["_diffusers_version"] = diffusers.__version__
        (out / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")

    def latents(self, folder, scheduler, options, noise, dtype):
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).to(dtype)
        rows = load_file(folder / "class_embedder/diffusion_pytorch_model.safetensors")["embedding.weight"].to(dtype)
        context = rows[[len(rows) - 1] * SAMPLES + LABELS].unsqueeze(1)
        steps = SCHEDULERS[scheduler].from_config(DDIMScheduler.load_config(folder / "scheduler"), **options)
        steps.set_timesteps(STEPS)
        x, latents = noise.to(dtype) * steps.init_noise_sigma, []
        for t in steps.timesteps:
            scaled = steps.scale_model_input(x, t).to(dtype)
            u, c = unet(torch.cat([scaled, scaled]), t, context).sample.chunk(2)
            x = steps.step(u + self.guidance * (c - u), t, x).prev_sample
            latents.append(x.clone())
        return torch.stack(latents)


class TextToVideo(Family):
    def run(self, pipe, noise):
        pipe(prompt=PROMPTS, latents=noise, num_inference_steps=STEPS, guidance_scale=self.guidance, output_type="latent", num_frames=FRAMES)

    def shaped(self, latents):
        return folded_to_clips(latents, FRAMES)


class ImageToVideo(TextToVideo):
    def change(self, pipe):
        # The start image's latent is a draw, from another generator in every implementation: with a log variance of -60, which
        # is clamped to -30, the draw is its mean but for 3e-7.
        half = pipe.vae.config.latent_channels
        pipe.vae.quant_conv.weight[half:] = 0
        pipe.vae.quant_conv.bias[half:] = -60

    def run(self, pipe, noise):
        images = [Image.open(FIXTURES / f"video/images/start_{i}.png").convert("RGB") for i in range(SAMPLES)]
        side = self.shape[-1] * pipe.vae_scale_factor
        torch.manual_seed(0)  # of the draw
        with text_model_inside():
            pipe(prompt=PROMPTS, image=images, latents=noise, num_inference_steps=STEPS, guidance_scale=self.guidance, output_type="latent",
                 num_frames=FRAMES, height=side, width=side, target_fps=16)


FAMILIES = {
    "sd15-tiny": Family(FIXTURES / "diffusion/models/sd15-tiny", StableDiffusionPipeline, 4.0, (4, 16, 16)),
    "sdxl-tiny": Family(FIXTURES / "diffusion/models/sdxl-tiny", StableDiffusionXLPipeline, 4.0, (4, 16, 16)),
    "ldm4-tiny": ClassConditional(FIXTURES / "diffusion/models/ldm4-tiny", None, 3.0, (3, 16, 16)),
    "ddpm-cifar-tiny": Unconditional(FIXTURES / "diffusion/models/ddpm-cifar-tiny", DDPMPipeline, 1.0, (3, 32, 32)),
    "ddpm-lsun-tiny": Unconditional(FIXTURES / "diffusion/models/ddpm-lsun-tiny", DDPMPipeline, 1.0, (3, 32, 32)),
    "ms-t2v-tiny": TextToVideo(FIXTURES / "video/models/ms-t2v-tiny", TextToVideoSDPipeline, 4.0, (4, FRAMES, 8, 8)),
    "i2vgen-xl-tiny": ImageToVideo(FIXTURES / "video/models/i2vgen-xl-tiny", I2VGenXLPipeline, 4.0, (4, FRAMES, 8, 8)),
}


def noise_of(name, shape):
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return torch.randn(SAMPLES, *shape, generator=generator)


def save_models(out):
    """The folders, without the places on this machine that diffusers writes into _name_or_path."""
    for name, family in FAMILIES.items():
        folder = out / "models" / name
        family.save(name, folder)
        for file in folder.rglob("*.json"):
            text = file.read_text()
            file.write_text(text.replace(str(family.source), name))


def reference(family, folder, model, scheduler, options):
    """(noise, latents in float32, largest difference to a run in float64 by call)."""
    noise = noise_of(name_of(model, scheduler, options), family.shape)
    single, double = (family.latents(folder, scheduler, options, noise, dtype) for dtype in (torch.float32, torch.float64))
    differences = (single.double() - double.double()).abs().flatten(1).amax(1)
    return noise, single.float(), [float(f"{d:.3g}") for d in differences.tolist()]


def make_tokenizers(out):
    """Token ids of the texts of diffusion/tokenizer/cases.json by the tokenizers of the folders written."""
    texts = [one["text"] for one in json.loads((FIXTURES / "diffusion/tokenizer/cases.json").read_text())["cases"]]
    texts += ["!!<|EndOfText|>!!", "a<|STARTOFTEXT|>b 's<|endoftext|>'s", "\u0130<|ENDOFTEXT|>\u03a3!"]
    rows = []
    # One that was made and not loaded: its special tokens are looked for before a text is normalised.
    source = FAMILIES["sd15-tiny"].source / "tokenizer"
    made = transformers.CLIPTokenizer(vocab=str(source / "vocab.json"), merges=str(source / "merges.txt"), pad_token="!", model_max_length=24)
    made("as the last call leaves it", padding="max_length", truncation=True, max_length=12)
    made.save_pretrained(out / "tokenizer_made")
    for folder in ("models/sd15-tiny/tokenizer", "models/sdxl-tiny/tokenizer_2", "tokenizer_made"):
        tokenizer = transformers.CLIPTokenizer.from_pretrained(out / folder)
        length = tokenizer.model_max_length
        ids = [tokenizer(text, padding="max_length", truncation=True, max_length=length).input_ids for text in texts]
        rows.append({"folder": folder, "pad_token": tokenizer.pad_token, "model_max_length": length, "input_ids": ids})
    (out / "tokenizers.json").write_text(json.dumps({"texts": texts, "tokenizers": rows}) + "\n")


def make_text_encoders(out):
    """Text encoders that were made and not loaded, with their outputs; the prefix "text_model." is in one of the two files only."""
    tensors = {}
    for name, cls, prefix in (("text_encoder_made", CLIPTextModel, ""), ("text_encoder_2_made", CLIPTextModelWithProjection, "text_model.")):
        torch.manual_seed(5)
        config = CLIPTextConfig(vocab_size=99, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=20,
                                hidden_act="gelu", projection_dim=12, bos_token_id=97, eos_token_id=98, pad_token_id=98)
        model = cls(config).eval()
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
        model.save_pretrained(out / name)
        keys = list(load_file(out / name / "model.safetensors"))
        if f"{prefix}embeddings.token_embedding.weight" not in keys:
            sys.exit(f"error: {name}: other names than expected: {keys[:3]}")
        ids = torch.randint(0, 97, (2, 20), generator=torch.Generator().manual_seed(6))
        ids[:, 0], ids[0, 11:], ids[1, 19:] = 97, 98, 98
        output = model(input_ids=ids, output_hidden_states=True)
        tensors[f"{name}.input_ids"] = ids
        tensors[f"{name}.last_hidden_state"] = output.last_hidden_state
        tensors[f"{name}.penultimate"] = output.hidden_states[-2]
        tensors[f"{name}.pooled"] = output.text_embeds if prefix else output.pooler_output
    save_file({key: value.contiguous() for key, value in tensors.items()}, out / "text_encoders.safetensors")


def make(out):
    save_models(out)
    make_text_encoders(out)
    make_tokenizers(out)
    rows = []
    for model, scheduler, options in cases():
        name = name_of(model, scheduler, options)
        noise, latents, differences = reference(FAMILIES[model], out / "models" / model, model, scheduler, options)
        if not torch.isfinite(latents).all():
            sys.exit(f"error: {name}: latents are not finite")
        save_file({"x_T": noise.contiguous(), "latents": latents.contiguous()}, out / f"{name}.safetensors")
        rows.append({"name": name, "model": model, "scheduler": scheduler, "scheduler_options": options, "steps": STEPS,
                     "guidance": FAMILIES[model].guidance, "f32_f64_max_abs_diff_per_step": differences})
        print(f"{name}: {len(latents)} calls, float32 to float64 {max(differences):.3g}")
    about = {"diffusers": diffusers.__version__, "transformers": transformers.__version__, "torch": torch.__version__.split("+")[0],
             "prompts": PROMPTS, "labels": LABELS, "images": [f"video/images/start_{i}.png" for i in range(SAMPLES)], "frames": FRAMES,
             "fps": 16, "cases": rows}
    (out / "cases.json").write_text(json.dumps(about, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=FIXTURES / "resaved")
    out = parser.parse_args().out.absolute()
    if out.exists():
        sys.exit(f"error: {out} exists; remove it first, so that no file of another version stays")
    out.mkdir(parents=True)
    make(out)


if __name__ == "__main__":
    main()
