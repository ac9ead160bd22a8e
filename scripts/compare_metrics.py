#!/usr/bin/env python3
"""skipbench metrics against pytorch-fid, clean-fid, torch-fidelity and lpips: values and times, in one run.

    scripts/compare_metrics.py [--count 256] [--threads 2] [--out table.md] [--json table.json]
    scripts/compare_metrics.py --weights-only FOLDER [--kind inception,i3d,lpips]

Both sides see the same two folders: pictures that the shipped model makes (50 full steps) and the pictures of the same
captions that ship; --a and --b name others, paired by name. Both use the same weights, made from a formula
(tests/fixtures/metrics/README.md) and not trained: the values mean nothing, but they must agree.

Times are of the library's own functions on one folder: reading, resizing and the network (the model is loaded before), and
of the distance of two 2048-dimensional normal distributions. Of skipbench, whose time includes the start of the program and
the loading of the weights, what a folder of two pictures takes is taken off. The sides take turns; of each the best of
--rounds counts.

Needs the release build (scripts/build) with its benchmarks, and a Python with
    torch torchvision safetensors pytorch-fid==0.3.0 clean-fid==0.1.35 torch-fidelity==0.4.0 lpips==0.1.4 h5py
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
import zlib

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parent.parent
LISTINGS = {  # file that skipbench reads: listing of its tensors
    "inception_v3_fid": "inception_v3_fid", "i3d_k400": "i3d_k400",
    "lpips_alex_features": "lpips_alex_features", "lpips_vgg_features": "lpips_vgg_features"}


# ---------------------------------------------------------------------------------------------------- weights by formula
def formula_tensor(entry, salt):
    """The tensor of a listing's entry, as tests/fixtures/metrics/README.md defines it."""
    import numpy as np
    shape, role, name = entry["shape"], entry["role"], entry["name"]
    mask = (1 << 64) - 1
    base = ((zlib.crc32(name.encode()) << 32) + salt * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15) & mask
    count = int(np.prod(shape)) if shape else 1
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(base)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    unit = ((z >> np.uint64(40)).astype(np.int32) - np.int32(1 << 23)).astype(np.float32) * np.float32(2.0 ** -23)
    one = np.float32(1)
    value = {"matrix": lambda: unit * np.float32(np.sqrt(6.0 / (count / shape[0]))),
             "scale": lambda: one + np.float32(0.25) * unit,
             "var": lambda: one + np.float32(0.5) * unit,
             "small": lambda: np.float32(0.1) * unit}[role]()
    return value.reshape(shape)


def write_weights(folder, kinds):
    """Writes the files that skipbench reads; returns {file: {name: array}}."""
    from safetensors.numpy import save_file
    listings = ROOT / "tests/fixtures/metrics/weights"
    made = {}
    for file, listing in LISTINGS.items():
        if not any(file.startswith(kind) for kind in kinds):
            continue
        content = json.loads((listings / f"{listing}.json").read_text())
        made[file] = {e["name"]: formula_tensor(e, content["salt"]) for e in content["tensors"] if e["role"] != "zero"}
        save_file(made[file], str(folder / f"{file}.safetensors"))
    for net in ("alex", "vgg"):
        shutil.copy(listings / f"lpips_v0.1_{net}.safetensors", folder)
    return made


# --------------------------------------------------------------------------------------------------------- the two folders
def make_pictures(build, folder, count, threads):
    """Pictures of the shipped model and of its data set, under the same names."""
    import h5py
    from PIL import Image
    config = {"name": "compare_metrics", "pipeline": str(ROOT / "datasets/fashion_scenes/model"),
              "scheduler": "dpm_solver_multistep", "steps": 50, "guidance": 4.0, "seed": 2024,
              "data": {"type": "fashion_scenes", "folder": str(ROOT / "datasets/fashion_scenes"), "count": count}, "methods": [{"type": "full_step"}], "save": ["images"]}
    (folder / "config.json").write_text(json.dumps(config))
    subprocess.run([str(build / "skipbench"), "run", str(folder / "config.json"), "--out", str(folder / "run")],
                   check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    result = next((folder / "run").glob("*.h5"))
    with h5py.File(result) as file:
        images = next(iter(file["settings"].values()))["images"][:]
    names = sorted(p.name for p in (ROOT / "datasets/fashion_scenes/images").glob("*.png"))[:count]
    for name in ("a", "b"):
        (folder / name).mkdir()
    for name, image in zip(names, images):
        picture = image if image.shape[-1] == 3 else image.transpose(1, 2, 0)
        Image.fromarray(picture).save(folder / "a" / name)
        shutil.copy(ROOT / "datasets/fashion_scenes/images" / name, folder / "b" / name)
    return folder / "a", folder / "b"


def files_of(folder):
    return sorted(str(p) for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg"))


# ------------------------------------------------------------------------------------------------------- the other side
def fid_network(weights):
    """pytorch-fid's network with these weights."""
    import pytorch_fid.inception as pf
    import torch
    base = pf._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    base.Mixed_5b = pf.FIDInceptionA(192, pool_features=32)
    base.Mixed_5c = pf.FIDInceptionA(256, pool_features=64)
    base.Mixed_5d = pf.FIDInceptionA(288, pool_features=64)
    for letter, channels in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        setattr(base, "Mixed_6" + letter, pf.FIDInceptionC(768, channels_7x7=channels))
    base.Mixed_7b, base.Mixed_7c = pf.FIDInceptionE_1(1280), pf.FIDInceptionE_2(2048)
    base.load_state_dict({k: torch.from_numpy(v) for k, v in weights.items()}, strict=False)
    return base


class PytorchFid:
    """pytorch-fid's command, network and distance."""

    name, metric = "pytorch-fid", "fid:pytorch_fid"

    def __init__(self, made, _weights, _threads):
        import pytorch_fid.inception as pf
        base = fid_network(made["inception_v3_fid"])
        pf.fid_inception_v3 = lambda: base
        self.model = pf.InceptionV3([3]).eval()

    def features(self, folder):
        from pytorch_fid import fid_score
        fid_score.tqdm = lambda loader: loader
        return fid_score.get_activations(files_of(folder), self.model, batch_size=32, num_workers=0)

    @staticmethod
    def distance(a, b):
        from pytorch_fid import fid_score
        return fid_score.calculate_frechet_distance(*a, *b)


class CleanFid:
    """clean-fid's reading, resizing and distance; its network is a download, pytorch-fid's equal one stands in for it."""

    name, metric = "clean-fid", "fid:clean"

    def __init__(self, made, _weights, threads):
        import pytorch_fid.inception as pf
        base = fid_network(made["inception_v3_fid"])
        pf.fid_inception_v3 = lambda: base
        self.model = pf.InceptionV3([3], resize_input=False, normalize_input=False).eval()
        self.threads = threads

    def features(self, folder):
        import torch
        from cleanfid import fid
        return fid.get_folder_features(str(folder), lambda x: self.model((x - 128) / 128)[0].flatten(1), num_workers=0,
                                       batch_size=32, device=torch.device("cpu"), mode="clean", verbose=False)

    @staticmethod
    def distance(a, b):
        from cleanfid import fid
        return fid.frechet_distance(*a, *b)


class TorchFidelity:
    """torch-fidelity's extractor (TensorFlow 1's resizing inside) and distance."""

    name, metric = "torch-fidelity", "fid:legacy_tf"

    def __init__(self, made, weights, _threads):
        import torch
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
        file = str(weights / "inception.pth")
        torch.save({k: torch.from_numpy(v) for k, v in made["inception_v3_fid"].items()}, file)
        load = torch.nn.Module.load_state_dict
        torch.nn.Module.load_state_dict = lambda self, state, *a, **k: load(self, state, strict=False)  # num_batches_tracked
        self.model = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=file).eval()
        torch.nn.Module.load_state_dict = load

    def features(self, folder):
        from torch_fidelity.datasets import ImagesPathDataset
        from torch_fidelity.utils import get_featuresdict_from_dataset
        data = ImagesPathDataset(files_of(folder))
        return get_featuresdict_from_dataset(data, self.model, 32, False, False, verbose=False)["2048"].numpy()

    @staticmethod
    def distance(a, b):
        from torch_fidelity import metric_fid
        return metric_fid.fid_statistics_to_metric(dict(mu=a[0], sigma=a[1]), dict(mu=b[0], sigma=b[1]), False)[
            "frechet_inception_distance"]


class Lpips:
    """lpips' LPIPS v0.1, in batches of 16."""

    def __init__(self, net, made):
        import lpips
        import torch
        self.name, self.metric = "lpips", f"lpips:{net}"
        self.model = lpips.LPIPS(net=net, version="0.1", pnet_rand=True, verbose=False).eval()
        weights = made[f"lpips_{net}_features"]
        own = self.model.net.state_dict()
        self.model.net.load_state_dict({k: torch.from_numpy(weights["features." + k.split(".", 1)[1]]) for k in own})

    def mean(self, a, b):
        import lpips
        import numpy as np
        import torch
        from PIL import Image

        def tensor(file):
            return lpips.im2tensor(np.asarray(Image.open(file).convert("RGB")))
        values = []
        pairs = list(zip(files_of(a), files_of(b)))
        for at in range(0, len(pairs), 16):
            x, y = (torch.cat([tensor(p[side]) for p in pairs[at:at + 16]]) for side in (0, 1))
            values.append(self.model(x, y).flatten())
        return float(torch.cat(values).mean())


def statistics(features):
    import numpy as np
    return np.mean(features, axis=0), np.cov(features, rowvar=False)


# ---------------------------------------------------------------------------------------------------------- our side
class Skipbench:
    """The program."""

    def __init__(self, build, weights, threads):
        self.build, self.weights = build, weights
        self.env = {**os.environ, "OMP_NUM_THREADS": str(threads), "SKIPBENCH_METRIC_WEIGHTS": str(weights)}

    def rows(self, *arguments):
        out = subprocess.run([str(self.build / "skipbench"), "metrics", *map(str, arguments), "--format", "json", "--quiet"],
                             check=True, capture_output=True, text=True, env=self.env).stdout
        return json.loads(out)["metrics"]

    def value(self, a, b, metric, *more):
        return self.rows(a, b, "--metric", metric, *more)[0]["value"]

    def seconds(self, *arguments):
        start = time.perf_counter()
        self.rows(*arguments)
        return time.perf_counter() - start

    def distance_ms(self):
        out = subprocess.run([str(self.build / "bench_feature_networks"), "--benchmark_filter=Distance/torch/2048",
                              "--benchmark_format=json", "--benchmark_min_time=3"], check=True, capture_output=True,
                             text=True, env=self.env).stdout
        return json.loads(out)["benchmarks"][0]["real_time"]


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def folder_of_two(folder, where):
    where.mkdir()
    for file in files_of(folder)[:2]:
        shutil.copy(file, where)
    return where


def compare_fid(other, ours, a, b, work, rounds, parts):
    """Both sides' features of folder a in turns, then both sides' distances."""
    import numpy as np
    row = {"metric": other.metric, "other": other.name}
    if "times" in parts:
        two = folder_of_two(a, work / f"two_{other.metric.replace(':', '_')}")
        stats = ["--metric", other.metric, "--save-stats", work / "stats.npz"]
        start_up = min(ours.seconds(two, *stats) for _ in range(2))
        theirs, mine = [], []
        for _ in range(rounds):
            theirs.append(timed(other.features, a)[1])
            mine.append(ours.seconds(a, *stats) - start_up)
        count = len(files_of(a))
        row |= {"other_per_s": count / min(theirs), "skipbench_per_s": (count - 2) / min(mine)}
    if "values" in parts:
        features_a, features_b = other.features(a), other.features(b)
        row["skipbench_value"] = ours.value(a, b, other.metric, "--blocks", "0")
        row["exact_from_other_features"] = exact_distance(np.asarray(features_a, np.float64), np.asarray(features_b, np.float64))
        with contextlib.redirect_stdout(sys.stderr):
            try:
                row["other_value"] = float(other.distance(statistics(features_a), statistics(features_b)))
            except ValueError as error:      # pytorch-fid and clean-fid refuse a root with an imaginary part
                row["other_value"] = str(error)
    return row


def exact_distance(a, b):
    """The Frechet distance of the other side's features without a matrix square root."""
    import numpy as np
    ca, cb = a - a.mean(0), b - b.mean(0)
    na, nb = len(a) - 1, len(b) - 1
    nuclear = np.linalg.svd(ca @ cb.T, compute_uv=False).sum() / np.sqrt(na * nb)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + (ca ** 2).sum() / na + (cb ** 2).sum() / nb - 2 * nuclear)


def compare_lpips(other, ours, a, b, work, rounds):
    two_a, two_b = folder_of_two(a, work / f"{other.metric[6:]}_a"), folder_of_two(b, work / f"{other.metric[6:]}_b")
    start_up = min(ours.seconds(two_a, two_b, "--metric", other.metric) for _ in range(rounds))
    theirs, mine = [], []
    for _ in range(rounds):
        value, seconds = timed(other.mean, a, b)
        theirs.append(seconds)
        mine.append(ours.seconds(a, b, "--metric", other.metric) - start_up)
    count = len(files_of(a))
    return {"metric": other.metric, "other": other.name, "other_value": value, "skipbench_value": ours.value(a, b, other.metric),
            "other_per_s": count / min(theirs), "skipbench_per_s": (count - 2) / min(mine)}


def compare_distances(others, ours, work):
    """Two normal distributions of 2048 dimensions and full rank."""
    import numpy as np
    rng = np.random.default_rng(0)
    files, sets = [], []
    for name in ("one", "two"):
        x = np.maximum(rng.normal(0, 1, (4096, 2048)) @ rng.normal(0, 2048 ** -0.5, (2048, 2048)) + 0.3, 0)
        sets.append((x.mean(0), np.cov(x, rowvar=False)))
        files.append(work / f"{name}.npz")
        np.savez(files[-1], mu=sets[-1][0], sigma=sets[-1][1])
    value = ours.value(*files, "fid:clean")
    milliseconds = ours.distance_ms()
    rows = []
    for other in others:
        theirs, seconds = timed(other.distance, *sets)
        rows.append({"metric": "distance, d = 2048", "other": other.name, "other_value": float(theirs), "skipbench_value": value,
                     "other_ms": seconds * 1e3, "skipbench_ms": milliseconds})
    return rows


def number(row, key):
    value = row.get(key)
    return "" if value is None else value if isinstance(value, str) else f"{value:.9g}"


def markdown(rows, count):
    lines = [f"| metric ({count} pictures of each) | skipbench | other | | skipbench | other | ratio |",
             "|---|---:|---:|---|---:|---:|---:|"]
    for row in rows:
        times = " | | "
        if "other_per_s" in row:
            times = f"{row['skipbench_per_s']:.1f}/s | {row['other_per_s']:.1f}/s | {row['skipbench_per_s'] / row['other_per_s']:.2f}x"
        elif "other_ms" in row:
            times = f"{row['skipbench_ms']:.0f} ms | {row['other_ms']:.0f} ms | {row['other_ms'] / row['skipbench_ms']:.1f}x"
        lines.append(f"| {row['metric']} | {number(row, 'skipbench_value')} | {number(row, 'other_value')} | {row['other']} | {times} |")
        if "exact_from_other_features" in row:
            lines.append(f"| | | {number(row, 'exact_from_other_features')} | its features, exact distance | | | |")
    return "\n".join(lines) + "\n"


def parse():
    result = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    result.add_argument("--a", type=pathlib.Path)
    result.add_argument("--b", type=pathlib.Path)
    result.add_argument("--count", type=int, default=256, help="pictures that the shipped model makes (at most 500)")
    result.add_argument("--threads", type=int, default=2)
    result.add_argument("--rounds", type=int, default=2)
    result.add_argument("--only", default="fid,lpips,distance", help="which metrics")
    result.add_argument("--parts", default="values,times", help="of FID: one of them alone is shorter")
    result.add_argument("--out", type=pathlib.Path)
    result.add_argument("--json", type=pathlib.Path)
    result.add_argument("--weights-only", type=pathlib.Path, metavar="FOLDER", help="write the weights by formula and stop")
    result.add_argument("--kind", default="inception,i3d,lpips")
    return result.parse_args()


def main():
    args = parse()
    if args.weights_only:
        args.weights_only.mkdir(parents=True, exist_ok=True)
        write_weights(args.weights_only, args.kind.split(","))
        return
    import torch
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    only = args.only.split(",")
    with tempfile.TemporaryDirectory(prefix="compare-metrics-") as temporary:
        work = pathlib.Path(temporary)
        made = write_weights(work, ("inception", "lpips"))
        a, b = (args.a, args.b) if args.a else make_pictures(args.build, work, args.count, args.threads)
        ours = Skipbench(args.build, work, args.threads)
        fids = [kind(made, work, args.threads) for kind in (PytorchFid, CleanFid, TorchFidelity)]
        rows = []
        if "fid" in only:
            rows += [compare_fid(other, ours, a, b, work, args.rounds, args.parts.split(",")) for other in fids]
        if "lpips" in only:
            rows += [compare_lpips(Lpips(net, made), ours, a, b, work, args.rounds) for net in ("alex", "vgg")]
        if "distance" in only:
            rows += compare_distances(fids, ours, work)
        table = markdown(rows, len(files_of(a)))
    print(table, end="")
    if args.out:
        args.out.write_text(table)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
