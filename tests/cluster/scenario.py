"""What scenarios share: a config over the shipped model, the undivided run, jobs, and the comparison at the end."""

import json
import os
import pathlib
import re
import resource
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
        """The run that all others are compared with. Returns its folder."""
        out = self.folder / "undivided"
        self.skipbench("run", config, "--out", out, "--quiet")
        self.say("the undivided run is done")
        return out

    def processor_seconds_per_sample(self, steps):
        """Of one thread, whatever else the machine does."""
        config, seconds = self.config(samples=1, steps=steps, name="trial"), []
        for samples in (1, 5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.skipbench("run", config, "--set", f"data.count={samples}", "--out", self.folder / f"trial-{samples}", "--quiet")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return (seconds[1] - seconds[0]) / 4

    def submit(self, config, *options, out="shared folder"):
        """skipbench submit. Returns the numbers of its two jobs, and its folder."""
        text = self.skipbench("submit", config, "--out", self.folder / out, *options)
        return *re.findall(r": job (\d+)", text), self.folder / out

    def stored(self, out):
        """Waves that are in the folder."""
        return len(list(out.rglob("segments/*.h5")))

    def wait_until_stored(self, out, waves, seconds=180):
        self.cluster.wait_for(lambda: self.stored(out) >= waves, f"{waves} waves are stored", seconds)

    def expect_ends(self, job, states, what, seconds=300):
        """Waits for all tasks of a job and looks at how they ended."""
        found = [entry["JobState"] for entry in self.cluster.wait(job, seconds, f"{what} ends")]
        self.expect(found == states, f"{what}: {', '.join(found)}" + ("" if found == states else f", expected {states}"))

    def restarts(self, job):
        return [int(entry["Restarts"]) for entry in self.cluster.jobs(job)]

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

    def rank_process(self, job, rank):
        """The process of skipbench that is this rank of the job, by its number here."""
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                environment = dict(word.split("=", 1) for word in (folder / "environ").read_text().split("\0") if "=" in word)
                if (folder / "exe").resolve() == pathlib.Path(self.program) and environment.get("SLURM_JOB_ID") == job \
                        and environment.get("SLURM_PROCID") == str(rank):
                    return int(folder.name)
            except OSError:  # it has ended
                continue
        return None

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
