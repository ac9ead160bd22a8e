"""gpu_check's step that compares one forward with diffusers' same network on the same device, both in turns."""
import gc
import json
import subprocess
import time

from gpu.checking import HERE

WARM_UP, TURNS, ROWS = 3, 12, 2


def inputs_for(config):
    """Random inputs of two rows in float32 (numpy arrays), by the names that skipbench knows them by."""
    import numpy as np

    size, generator = config["sample_size"], np.random.default_rng(7)

    def normal(*shape):
        return generator.standard_normal((ROWS, *shape), np.float32)

    inputs = {"sample": normal(config["in_channels"], size, size), "timestep": np.array([500])}
    if config["_class_name"] == "DiTTransformer2DModel":
        return {**inputs, "class_labels": np.array([207, 1000]) % (config["num_embeds_ada_norm"] + 1)}
    inputs["encoder_hidden_states"] = normal(77, config["cross_attention_dim"])
    if config.get("addition_embed_type") == "text_time":
        inputs["text_embeds"] = normal(config["projection_class_embeddings_input_dim"] - 6 * config["addition_time_embed_dim"])
        inputs["time_ids"] = np.array([[8.0 * size, 8.0 * size, 0, 0, 8.0 * size, 8.0 * size]] * ROWS, np.float32)
    return inputs


class Diffusers:
    def __init__(self, torch, folder, config, dtype, inputs, device):
        import diffusers

        self.torch, self.cuda = torch, device != "cpu"
        type_ = getattr(torch, dtype)
        self.is_unet = config["_class_name"] != "DiTTransformer2DModel"
        self.network = getattr(diffusers, config["_class_name"]).from_pretrained(folder, torch_dtype=type_).to(device).eval()
        floats = ("sample", "encoder_hidden_states", "text_embeds")
        on_device = {k: torch.from_numpy(v).to(device, type_ if k in floats else None) for k, v in inputs.items()}
        added = {k: on_device.pop(k) for k in ("text_embeds", "time_ids") if k in on_device}
        if self.is_unet:
            self.arguments = {**on_device, "timestep": 500, "added_cond_kwargs": added or None}
        else:
            self.arguments = {"hidden_states": on_device["sample"], "timestep": on_device["timestep"].expand(ROWS), "class_labels": on_device["class_labels"]}

    def wait(self):
        if self.cuda:
            self.torch.cuda.synchronize()

    def forward(self):
        self.wait()
        start = time.perf_counter()
        with self.torch.inference_mode():
            self.output = self.network(**self.arguments).sample
        self.wait()
        return time.perf_counter() - start

    def channels_last(self):
        self.network.to(memory_format=self.torch.channels_last)


class Skipbench:
    """A network in a process of its own (bench_full_size_forward)."""

    def __init__(self, check, folder, dtype, inputs):
        from safetensors.numpy import save_file

        self.file = check.scratch / "output.safetensors"
        save_file(inputs, check.scratch / "inputs.safetensors")
        self.process = subprocess.Popen([HERE / "run", "bench_full_size_forward", folder, dtype, check.scratch / "inputs.safetensors", self.file, check.device],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.answer()
        except BaseException:
            self.close()
            raise

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench_full_size_forward ended with code {self.process.wait()}")
        return json.loads(line)

    def forward(self):
        self.process.stdin.write("forward\n")
        self.process.stdin.flush()
        return self.answer()

    def output(self):
        from safetensors.torch import load_file

        return load_file(self.file)["sample"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def in_turns(check, torch, folder, config, dtype):
    """Best times of both, the outputs' difference and both peaks."""
    turns = TURNS if check.on_gpu else 2
    inputs = inputs_for(config)
    theirs, mine = Diffusers(torch, folder, config, dtype, inputs, check.device), Skipbench(check, folder, dtype, inputs)
    try:
        for _ in range(WARM_UP):
            theirs.forward(), mine.forward()
        if check.on_gpu:
            torch.cuda.reset_peak_memory_stats()
        eager, channels_last, ours, peak = [], [], [], 0
        for _ in range(turns):
            eager.append(theirs.forward())
            answer = mine.forward()
            ours.append(answer["seconds"])
            peak = max(peak, answer["device_peak_bytes"])
        their_peak = torch.cuda.max_memory_allocated() if check.on_gpu else 0
        expected = theirs.output.float().cpu()
        if theirs.is_unet:
            theirs.channels_last()
            for _ in range(WARM_UP):
                theirs.forward()
            for _ in range(turns):
                channels_last.append(theirs.forward())
                ours.append(mine.forward()["seconds"])
        output = mine.output()
    finally:
        mine.close()
    row = {"diffusers_eager_ms": 1e3 * min(eager), "skipbench_ms": 1e3 * min(ours), "ratio_to_eager": min(ours) / min(eager),
           "difference": float((output - expected).norm() / expected.norm()), "output_norm": float(output.norm()),
           "peak_bytes": peak, "diffusers_peak_bytes": their_peak}
    if channels_last:
        row.update(diffusers_channels_last_ms=1e3 * min(channels_last), ratio_to_channels_last=min(ours) / min(channels_last))
    return row


def forward(check, seen):
    """SDXL, DiT-XL/2 and SD 1.5 in bfloat16, then in float16."""
    import diffusers
    import torch

    if check.on_gpu:
        torch.cuda.set_device(check.device)         # whose memory and work torch.cuda's functions mean
    seen["diffusers"] = diffusers.__version__
    for dtype in ("bfloat16", "float16"):
        for model in [m for m in ("sdxl", "dit", "sd15") if m in check.models]:
            check.need(30, f"{model} in {dtype}")
            folder, config = check.network(model)
            row = seen[f"{model}_{dtype}"] = in_turns(check, torch, folder, config, dtype)
            last = f" (channels_last {row['diffusers_channels_last_ms']:.2f})" if "diffusers_channels_last_ms" in row else ""
            check.say(f"- {model}, {dtype}, batch {ROWS}: diffusers {row['diffusers_eager_ms']:.2f} ms{last}, skipbench {row['skipbench_ms']:.2f} ms, "
                      f"ratio {row['ratio_to_eager']:.2f}; difference {row['difference']:.1e}; "
                      f"peak {row['peak_bytes'] / 2**30:.2f} GiB, diffusers {row['diffusers_peak_bytes'] / 2**30:.2f} GiB")
            gc.collect()
            if check.on_gpu:
                torch.cuda.empty_cache()
