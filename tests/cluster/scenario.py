"""What scenarios share: a config over the shipped model, the undivided run, jobs, and the comparison at the end."""

import json
import os
import pathlib
import subprocess
import time

from same_result import differences

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "datasets/fashion_scenes"


class Scenario:
    """`cluster` runs; everything goes into `folder`; `program` is skipbench."""

    def __init__(self, cluster, folder, program):
        self.cluster, self.folder, self.program = cluster, pathlib.Path(folder), str(program)
        self.begin = time.monotonic()

    def say(self, text):
        print(f"  [{time.monotonic() - self.begin:6.1f} s] {text}", flush=True)

    def expect(self, condition, text):
        if not condition:
            raise AssertionError(text)
        self.say(text)

    def config(self, samples, steps=10, name="small", **more):
        """A config of `samples` waves of one sample; full steps, two criteria and fewer steps."""
        content = {
            "name": name, "pipeline": str(MODEL / "model"), "scheduler": "ddim", "steps": steps, "guidance": 4.0,
            "threads": 1, "data": {"type": "coco", "captions": str(MODEL / "captions.json"), "count": samples},
            "seed": 7, "wave_size": 1,
            "methods": [{"type": "full_step"}, {"type": "adaptive_diffusion", "delta": [0.05, 0.2]},
                        {"type": "fewer_steps", "steps": 5}],
            "metrics": ["psnr", "ssim", "latent_error", "fd_fashion"], "save": ["images", "latents"], **more}
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(content, indent=1))
        return file

    def skipbench(self, *args, code=0):
        """Runs the program here, outside the cluster's nodes. Returns its standard output."""
        result = subprocess.run([self.program, *map(str, args)], capture_output=True, text=True)
        if code is not None and result.returncode != code:
            raise AssertionError(f"skipbench {' '.join(map(str, args))}: exit code {result.returncode}, expected "
                                 f"{code}\n{result.stdout}{result.stderr}")
        return result.stdout

    def undivided(self, config):
        """The run that all others are compared with. Returns its folder and the seconds it took."""
        out, begin = self.folder / "undivided", time.monotonic()
        self.skipbench("run", config, "--out", out, "--quiet")
        seconds = time.monotonic() - begin
        self.say(f"undivided run: {seconds:.1f} s")
        return out, seconds

    def table(self, result):
        """Its table as JSON, without times and machines."""
        table = json.loads(self.skipbench("table", "--format", "json", result))
        for name in ("wall_s", "finished_at", "environments"):
            table.pop(name, None)
        for setting in table["settings"]:
            setting.pop("latency", None)
        return table

    def expect_equal(self, undivided, merged):
        different = differences(undivided, merged)
        if different:
            raise AssertionError("the merged result differs from the undivided one: " + ", ".join(different[:20]))
        if self.table(undivided) != self.table(merged):
            raise AssertionError("the tables differ")
        self.say("the merged result equals the undivided one in every bit, timings aside")

    def logs(self):
        """The last lines of what jobs and daemons wrote, for the message of a failure."""
        text = ""
        for file in sorted(self.folder.rglob("*.log")) + sorted(self.cluster.folder.glob("slurm*.log")):
            lines = file.read_text(errors="replace").splitlines()[-12:]
            text += f"--- {file}\n" + "".join(f"    {line}\n" for line in lines)
        return text


def environment():
    """One thread for everything, as the config says for its run: LAPACK's last digits depend on the number."""
    os.environ.update(OMP_WAIT_POLICY="passive", OMP_NUM_THREADS="1")
