"""The parts of scripts/gpu_check and scripts/gpu_checkout that need no GPU and no LibTorch."""
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
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
