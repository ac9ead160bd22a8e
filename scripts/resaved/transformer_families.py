"""The tiny pipelines of transformers in tests/fixtures/dit, saved again and run by today's diffusers."""
import diffusers
import make_fixtures as fixtures
import torch
from diffusers import (
    DiTPipeline,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    PixArtAlphaPipeline,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    UniPCMultistepScheduler,
    WanPipeline,
)

SOURCE = fixtures.FIXTURES / "dit/models"
SCHEDULERS = {
    "ddim": diffusers.DDIMScheduler,
    "dpm_solver_multistep": DPMSolverMultistepScheduler,
    "flow_match_euler": FlowMatchEulerDiscreteScheduler,
    "unipc_multistep": UniPCMultistepScheduler,
}


class Transformer(fixtures.Family):
    """`call`: what the pipeline is called with; `config`: what skipbench is told beside it."""

    def __init__(self, name, pipeline, guidance, shape, schedulers, call=None, config=None):
        super().__init__(SOURCE / name, pipeline, guidance, shape)
        self.schedulers, self.call, self.config = schedulers, call or {}, config or {}

    def save(self, name, out):
        self.pipeline.from_pretrained(self.source).save_pretrained(out)

    def set_scheduler(self, pipe, scheduler, options):
        pipe.scheduler = SCHEDULERS[scheduler].from_config(pipe.scheduler.config, **options)

    def run(self, pipe, noise):
        pipe(prompt=fixtures.PROMPTS, latents=noise, num_inference_steps=fixtures.STEPS, guidance_scale=self.guidance, output_type="latent", **self.call)


class WithTransformerOf(Transformer):
    """The fixture has this network and no whole pipeline of it: the components of another around it."""

    def save(self, name, out):
        network = SD3Transformer2DModel.from_pretrained(SOURCE / name / "transformer")
        self.pipeline.from_pretrained(self.source, transformer=network).save_pretrained(out)


class DiT(Transformer):
    def run(self, pipe, noise):
        import diffusers.pipelines.dit.pipeline_dit as module

        draw = module.randn_tensor
        module.randn_tensor = lambda *_, **__: noise
        try:
            pipe(class_labels=fixtures.LABELS, num_inference_steps=fixtures.STEPS, guidance_scale=self.guidance, output_type="pt")
        finally:
            module.randn_tensor = draw

    def shaped(self, latents):
        return latents.chunk(2)[0]  # both halves are sampled alike


SIDE = {"height": 32, "width": 32}
CLIP = {"height": 64, "width": 48}
FAMILIES = {
    "dit-tiny": DiT("dit-tiny", DiTPipeline, 3.0, (4, 8, 8), ["ddim", "dpm_solver_multistep"]),
    "pixart-tiny": Transformer("pixart-tiny", PixArtAlphaPipeline, 4.5, (4, 8, 8), ["dpm_solver_multistep", "ddim"],
                               SIDE | {"use_resolution_binning": False, "clean_caption": False}),
    "sd3-tiny": Transformer("sd3-tiny", StableDiffusion3Pipeline, 5.0, (4, 8, 8), ["flow_match_euler"]),
    "sd35-tiny": WithTransformerOf("sd3-tiny", StableDiffusion3Pipeline, 5.0, (4, 8, 8), ["flow_match_euler"]),
    "flux-tiny": Transformer("flux-tiny", FluxPipeline, 3.5, (16, 16), ["flow_match_euler"], SIDE, SIDE),
    "wan-tiny": Transformer("wan-tiny", WanPipeline, 4.0, (4, 3, 8, 6), ["unipc_multistep", "flow_match_euler", "dpm_solver_multistep"],
                            CLIP | {"num_frames": 9}, CLIP | {"frames": 9}),
}


def cases():
    for model, family in FAMILIES.items():
        for scheduler in family.schedulers:
            yield model, scheduler, {}


def save_models(out, names):
    for name in names:
        FAMILIES[name].save(name, out / name)
