"""What scripts/gpu_check's steps share: running programs of the bundle, the models, what is written down."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent.parent

# The folder of the denoiser, and the small model of the fixtures that stands in on a CPU.
MODELS = {"sd15": ("unet", "tests/fixtures/diffusion/models/sd15-tiny"), "sdxl": ("unet", "tests/fixtures/diffusion/models/sdxl-tiny"),
          "dit": ("transformer", "tests/fixtures/dit/models/dit-tiny")}


class Skipped(Exception):
    """A step, or a part of one, that this machine or this bundle has nothing for."""


class Check:
    def __init__(self, out, budget, device):
        self.out, self.device = out.resolve(), device
        self.deadline = self.step_deadline = time.monotonic() + budget
        self.results, self.lines = {}, []
        self.models = {}
        self.missing = {}                    # packages that this Python lacks, and why
        self.gpus = 0                        # how many the program sees
        self.scratch = self.out / "scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)

    @property
    def on_gpu(self):
        return self.device != "cpu"

    @property
    def gpu_index(self):
        return int(self.device.partition(":")[2] or 0)

    def needs_gpu(self, what):
        if not self.on_gpu:
            raise Skipped(f"{what}: --device cpu")

    def needs_packages(self, what, *names):
        if lacking := [name for name in names if name in self.missing]:
            raise Skipped(f"{what}: {', '.join(lacking)} missing (see packages)")

    def left(self):
        return min(self.deadline, self.step_deadline) - time.monotonic()

    def need(self, seconds, what):
        if self.left() < seconds:
            raise Skipped(f"{what}: {max(0, self.left()):.0f} s are left, about {seconds} are needed")

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def code(self, text):
        for line in ("```", *text.rstrip().splitlines(), "```"):
            self.say(line)

    def run(self, *command, env=None, check=True, limit=None):
        """One of the bundle's programs; returns its output."""
        try:
            done = subprocess.run([HERE / "run", *map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env={**os.environ, **(env or {})}, timeout=max(5, min(limit or 1e9, self.left())), cwd=self.scratch)
        except subprocess.TimeoutExpired as late:
            said = late.stdout.decode(errors="replace") if isinstance(late.stdout, bytes) else late.stdout or ""
            raise RuntimeError(f"{' '.join(map(str, command))}: ended after {late.timeout:.0f} s\n{said[-2000:]}") from None
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-3000:]}")
        return done.stdout if check else (done.returncode, done.stdout)

    def step(self, name, function, limit, packages=()):
        """`limit`: seconds that the step may take at most; `packages`: without which it is skipped. What it has put into its results before an error is kept."""
        start = time.monotonic()
        self.step_deadline = start + limit

        def late(*_):
            raise RuntimeError(f"{name}: ended after {time.monotonic() - start:.0f} s, which is all that it may take")

        # Programs are given this long themselves; what else waits is ended a little later.
        before = signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, max(1, self.left()) + 10)
        self.say(f"## {name}")
        self.say()
        seen = self.results[name] = {}
        try:
            self.needs_packages(name, *packages)
            self.need(15, name)
            function(self, seen)
            seen["outcome"] = "done"
        except Skipped as why:
            seen.update(outcome="skipped", why=str(why))
            self.say(f"SKIPPED: {why}")
        except Exception as error:                                            # noqa: BLE001: recorded, the others go on
            seen.update(outcome="failed", error=str(error))
            self.say("FAILED: " + "".join(traceback.format_exception_only(error)).strip())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        seen["seconds"] = round(time.monotonic() - start, 1)
        self.say()
        self.say(f"({seen['seconds']} s)")
        self.say()
        self.step_deadline = self.deadline
        self.write()

    def write(self, head=()):
        (self.out / "gpu_check.json").write_text(json.dumps(self.results, indent=1) + "\n")
        (self.out / "gpu_check.md").write_text("\n".join(["# skipbench on a GPU", "", *head, *self.lines]) + "\n")

    # Models with random weights are made in the background while small steps run.
    def make_models(self, names):
        for name in names:
            folder = self.scratch / "models" / name
            what = name if self.on_gpu else HERE / MODELS[name][1]
            command = [sys.executable, HERE / "scripts/make_random_model.py", what, folder, "--dtype", "float16", "--lister", HERE / "run", "bench_network_tensors"]
            self.models[name] = (folder, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))

    def model(self, name):
        """The model's folder, waited for the first time."""
        made = self.models[name]
        if isinstance(made, pathlib.Path):
            return made
        folder, process = made
        try:
            output, _ = process.communicate(timeout=max(5, self.left()))
        except subprocess.TimeoutExpired as late:
            raise Skipped(f"{name}: its random weights were not there after {late.timeout:.0f} s more") from None
        if process.returncode:
            raise RuntimeError(f"make_random_model.py {name}: {output[-2000:]}")
        self.models[name] = folder
        return folder

    def stop_models(self):
        for made in self.models.values():
            if not isinstance(made, pathlib.Path) and made[1].poll() is None:
                made[1].kill()

    def network(self, name):
        """The folder of the model's denoiser, and its config."""
        folder = self.model(name) / MODELS[name][0]
        return folder, json.loads((folder / "config.json").read_text())

    def config(self, model, name, **keys):
        """A config of one run of the model, as a file."""
        path = self.scratch / f"{name}.json"
        data = {"type": "class_labels", "labels": [207]} if model == "dit" else {"type": "prompts", "prompts": ["a red chair beside a blue table"]}
        base = {"pipeline": str(self.model(model)), "scheduler": "ddim" if model == "dit" else "euler", "steps": 20, "guidance": 5.0, "dtype": "float16",
                "device": self.device, "seed": 1, "batch_size": 1, "data": data, "methods": [{"type": "full_step"}], "metrics": ["psnr"]}
        path.write_text(json.dumps({**base, **keys}))
        return path


def gpus_of(doctor):
    """How many GPUs the program sees, from what `skipbench doctor` says; None in a CPU build."""
    found = re.search(r"^CUDA +yes, (\d+) GPU", doctor, re.M)
    return int(found[1]) if found else None


def text_of(attribute):
    return attribute.decode() if isinstance(attribute, bytes) else attribute
