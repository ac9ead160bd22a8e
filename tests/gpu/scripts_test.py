"""The parts of scripts/gpu_check and scripts/gpu_checkout that need no GPU and no LibTorch."""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import unittest
import unittest.mock
from importlib.machinery import SourceFileLoader

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True
from gpu import checking, waiting  # noqa: E402

gpu_check = importlib.util.module_from_spec(importlib.util.spec_from_loader("gpu_check", SourceFileLoader("gpu_check", str(SCRIPTS / "gpu_check"))))
gpu_check.__spec__.loader.exec_module(gpu_check)


class Activity(unittest.TestCase):
    def test_what_overlaps_is_busy_once(self):
        self.assertEqual(waiting.union([(0, 10), (5, 12), (20, 25), (21, 22)]), 17)
        self.assertEqual(waiting.union([]), 0)

    def test_a_run_is_summarised(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "activity.txt"
            lines = ["B 1000 1 denoiser", "K 0 900"]                     # a kernel of the text encoder
            lines += [f"K {1000 + 100 * k} {1000 + 100 * k + 90}" for k in range(20)]
            lines += ["C 1500 1510 2 64", "C 1600 1610 1 4096", "S 1500 1512 3", "S 100 200 3", "E 3000 1", ""]
            file.write_text("\n".join(lines))
            seen = waiting.summarise(waiting.read_activity(file), steps=10)
        self.assertEqual(seen["kernels"], 20)
        self.assertEqual(seen["kernels_per_step"], 2)
        self.assertEqual((seen["copies_to_host"], seen["bytes_to_host"], seen["host_waits"]), (1, 64, 1))
        self.assertAlmostEqual(seen["gpu_idle_after_first_tenth"], 1 - 18 * 90 / 1790)

    def test_what_turns_differ_by_is_no_overhead(self):
        said = []
        check = types.SimpleNamespace(on_gpu=False, models=["dit"], need=lambda *_: None, left=lambda: 100, say=said.append)
        for forwards, runs, share, known in (((1.0, 0.9), (1.0, 0.95), 1 - 0.9 / 0.95, False), ((0.9, 0.9), (0.95, 0.95), 1 - 0.9 / 0.95, True)):
            with unittest.mock.patch.object(waiting, "forward_seconds", side_effect=forwards), \
                    unittest.mock.patch.object(waiting, "step_seconds", side_effect=[{"full_step": run} for run in runs]):
                seen = {}
                waiting.overhead(check, seen)
            self.assertAlmostEqual(seen["dit"]["share_beyond_the_forward"], share)
            self.assertEqual("nothing is known" not in said[-1], known)

    def test_without_ranges_the_longest_stretch_counts(self):
        kernels = [(0, 1000), (int(2e8), int(2e8) + 1000), (int(2e8) + 2000, int(2e8) + 9000)]
        self.assertEqual(waiting.window_of(kernels, []), (int(2e8), int(2e8) + 9000))


class Steps(unittest.TestCase):
    def test_what_fails_or_is_skipped_is_recorded_and_the_rest_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            check = checking.Check(pathlib.Path(folder), 100, "cpu")

            def half(check, seen):
                seen["first"] = 1
                check.needs_gpu("the second")

            def broken(check, seen):
                raise ValueError("broken")

            check.step("half", half, 50)
            check.step("broken", broken, 50)
            check.step("short", lambda check, seen: check.need(60, "a long one"), 50)
            check.step("good", lambda check, seen: seen.update(value=2), 50)
            written = json.loads((pathlib.Path(folder) / "gpu_check.json").read_text())
        self.assertEqual([one["outcome"] for one in written.values()], ["skipped", "failed", "skipped", "done"])
        self.assertEqual(written["half"]["first"], 1)
        self.assertIn("broken", written["broken"]["error"])
        self.assertEqual(written["good"]["value"], 2)

    def test_targets_that_nobody_measured_are_not_met(self):
        table = "\n".join(gpu_check.targets({}))
        self.assertEqual(table.count("not measured"), 6)
        memory = {"peak_bytes": 3, "diffusers_peak_bytes": 2, "ratio_to_eager": 0.5}
        table = "\n".join(gpu_check.targets({"forward": {"sdxl_bfloat16": memory, "seconds": 1.0}}))
        self.assertIn("| 0.5 | 0.9 | yes |", table)
        self.assertIn("| 1.5 | 1 | NO |", table)


class TorchOfPython(unittest.TestCase):
    """What `run` loads programs with; python3 -S has no package but those that a test puts into PYTHONPATH."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.site = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def make_torch(self, version, cuda, *libraries):
        (self.site / "torch/lib").mkdir(parents=True)
        (self.site / "torch/__init__.py").write_text("import typing_extensions_that_is_not_there\n")
        (self.site / "torch/version.py").write_text(f"__version__ = {version!r}\ncuda = {cuda!r}\n")
        for name in libraries:
            (self.site / "torch/lib" / name).touch()

    def asked(self, device):
        (self.site / "built_for.json").write_text(json.dumps({"device": device, "torch": "2.11.0", "cuda": "13.0"}))
        done = subprocess.run([sys.executable, "-S", SCRIPTS / "gpu/torch_libraries.py", self.site / "built_for.json"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(self.site)})
        self.assertEqual(done.returncode, 1 if done.stderr else 0)
        return done.stderr or done.stdout.strip().split(":")

    def test_torch_serves_though_it_cannot_be_imported(self):
        self.make_torch("2.11.0+cu130", "13.0", "libtorch_cpu.so", "libc10.so", "libtorch_cuda.so", "libc10_cuda.so")
        (self.site / "nvidia/cu13/lib").mkdir(parents=True)
        for device in ("cpu", "cuda"):
            self.assertEqual(self.asked(device), [str(self.site / "torch/lib"), str(self.site / "nvidia/cu13/lib")])

    def test_says_what_is_wrong_and_what_to_do(self):
        def says(device, *texts):
            told = self.asked(device)
            for text in (sys.executable, *texts, "SKIPBENCH_PYTHON="):
                self.assertIn(text, told)

        says("cuda", "it has no torch", "this bundle needs torch 2.11.0 for CUDA 13")
        for version, cuda, libraries, device, said in (
                ("2.10.0", None, (), "cpu", "its torch is 2.10.0, without CUDA"),
                ("2.11.0+cpu", None, (), "cuda", "its torch is 2.11.0+cpu, without CUDA"),
                ("2.11.0+cu128", "12.8", (), "cuda", "its torch is 2.11.0+cu128, for CUDA 12.8"),
                ("2.11.0", "13.0", ("libtorch_cpu.so",), "cpu", "its torch lacks libc10.so"),
                ("2.11.0", "13.0", ("libtorch_cpu.so", "libc10.so", "libc10_cuda.so"), "cuda", "its torch lacks libtorch_cuda.so")):
            self.make_torch(version, cuda, *libraries)
            says(device, said)
            shutil.rmtree(self.site / "torch")
        (self.site / "torch").mkdir()
        (self.site / "torch/__init__.py").touch()
        says("cpu", "is no torch: it has no version.py")


class Bundle(unittest.TestCase):
    """gpu_check in a folder whose programs are a script, under a Python without packages (-S)."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name) / "bundle"
        self.folder.mkdir()
        shutil.copy(SCRIPTS / "gpu_check", self.folder)
        shutil.copytree(SCRIPTS / "gpu", self.folder / "gpu", ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "built_for.json").write_text(json.dumps({"device": "cuda", "torch": "2.11.0", "cuda": "13.0"}))
        self.says("echo 'CUDA       yes, 1 GPU(s); fused criterion kernel: yes'")

    def tearDown(self):
        self.temporary.cleanup()

    def says(self, commands):
        (self.folder / "run").write_text(f"#!/bin/sh\n{commands}\n")
        (self.folder / "run").chmod(0o755)

    def check(self, *arguments, **environment):
        done = subprocess.run([sys.executable, "-S", self.folder / "gpu_check", "--out", self.folder / "out", *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        return done.returncode, done.stdout

    def test_what_needs_no_package_runs_without_them(self):
        code, said = self.check("--device", "cpu", "--only", "tests,quickstart,forward,dit,overhead")
        self.assertEqual(code, 0, said)
        written = json.loads((self.folder / "out/gpu_check.json").read_text())
        self.assertEqual({name: step["outcome"] for name, step in written.items()},
                         {"tests": "done", "quickstart": "skipped", "forward": "skipped", "dit": "skipped", "overhead": "skipped"})
        self.assertEqual(written["quickstart"]["compare_exit_gpu"], 0)        # the program's own comparison
        self.assertIn("decisions and PSNR sample by sample: numpy, h5py missing", written["quickstart"]["why"])
        self.assertIn("dit: numpy, safetensors missing", written["dit"]["why"])
        before, _, _ = said.partition("## tests")
        for text in ("MISSING: numpy (No module named 'numpy'): forward is skipped, dit", "MISSING: h5py (it needs numpy): overhead is skipped", "dit is skipped",
                     "quickstart goes without decisions and PSNR sample by sample", "MISSING: torch (No module named 'torch'): forward is skipped",
                     "name a Python that has it: SKIPBENCH_PYTHON="):
            self.assertIn(text, before)
        self.assertIn("| dit | skipped |", (self.folder / "out/gpu_check.md").read_text())

    def test_ends_at_once_where_nothing_can_run(self):
        def ends(text, *arguments, **environment):
            code, said = self.check(*arguments, **environment)
            self.assertEqual(code, 2, said)
            self.assertIn(text, said)
            self.assertNotIn("## ", said)

        ends("expected cuda:N or cpu", "--device", "gpu")
        ends("SKIPBENCH_PYTHON names /nowhere/python, which is no program", SKIPBENCH_PYTHON="/nowhere/python")
        ends("--device cuda:1: 1 GPU found", "--device", "cuda:1")
        self.says("echo 'CUDA       yes, 0 GPU(s); fused criterion kernel: yes'")
        ends("--device cuda:0: no GPUs found")
        self.says("echo 'error: it has no torch' >&2; exit 1")
        ends("the bundle's program does not start here (exit code 1):\nerror: it has no torch")
        (self.folder / "built_for.json").write_text(json.dumps({"device": "cpu"}))
        ends("this bundle is of a CPU build")
        (self.folder / "built_for.json").unlink()
        ends("is no bundle: scripts/gpu_bundle makes")


class Checkout(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.temporary.name)
        self.git("init", "-q")
        for name in ("tests/fixtures/a", "results/b", "datasets/fashion_scenes/c", "datasets/d.cpp", "harness/e.cpp"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(name)
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")

    def tearDown(self):
        self.temporary.cleanup()

    def git(self, *arguments):
        return subprocess.run(["git", "-C", self.root, *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout

    def checkout(self, command):
        return subprocess.run([SCRIPTS / "gpu_checkout", command, "--checkout", self.root], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def files(self):
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file() and ".git" not in p.parts)

    def test_leaves_out_and_brings_back(self):
        (self.root / "harness/e.cpp").write_text("changed")
        (self.root / "new.txt").write_text("not known to git")
        before = self.files()
        for _ in range(2):
            self.assertEqual(self.checkout("thin").returncode, 0)
            self.assertEqual(self.files(), ["datasets/d.cpp", "harness/e.cpp", "new.txt"])
        self.assertEqual(self.checkout("whole").returncode, 0)
        self.assertEqual(self.files(), before)
        self.assertEqual((self.root / "harness/e.cpp").read_text(), "changed")
        self.assertEqual(self.git("status", "--porcelain"), " M harness/e.cpp\n?? new.txt\n")

    def test_refuses_what_would_be_lost(self):
        for name, text in (("tests/fixtures/new", "new"), ("results/b", "changed")):
            (self.root / name).write_text(text)
            done = self.checkout("thin")
            self.assertEqual(done.returncode, 1)
            self.assertIn(name, done.stdout)
            self.assertEqual((self.root / name).read_text(), text)
            self.assertEqual((self.root / "datasets/fashion_scenes/c").read_text(), "datasets/fashion_scenes/c")
            self.git("clean", "-qfd")
            self.git("checkout", "-q", ".")

    def test_refuses_what_is_too_large(self):
        with open(self.root / "harness/large", "wb") as file:
            file.truncate(65 << 20)
        done = self.checkout("thin")
        self.assertEqual(done.returncode, 1)
        self.assertIn("66 MiB would travel", done.stdout)
        self.assertTrue((self.root / "tests/fixtures/a").exists())


if __name__ == "__main__":
    unittest.main()
