"""Checks scripts/convert without PyTorch: checkpoints in both of its forms, written here byte by byte, a hostile one, and what ends a command.

    convert_check.py SKIPBENCH SCRATCH
"""
import collections
import io
import os
import pickle
import struct
import subprocess
import sys
import types
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONVERT = os.path.join(ROOT, "scripts", "convert")
sys.path.insert(0, CONVERT)

import numpy as np  # noqa: E402

import arrays  # noqa: E402
import common  # noqa: E402


class Saved:
    """Stands for a tensor while it is pickled: what torch.save writes for one."""

    def __init__(self, array, storage="FloatStorage"):
        self.array, self.storage = array, storage

    def __reduce__(self):
        strides = tuple(step // self.array.itemsize for step in self.array.strides)
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (self, 0, self.array.shape, strides, False, collections.OrderedDict())


class Hostile:
    marker = ""

    def __reduce__(self):
        return os.system, ("touch " + Hostile.marker,)


def stand_ins():
    """Modules with the names that pickles of PyTorch refer to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    utils._rebuild_tensor_v2 = types.FunctionType((lambda *args: None).__code__, {}, "_rebuild_tensor_v2")
    utils._rebuild_tensor_v2.__module__, utils._rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    sys.modules.update({"torch": torch, "torch._utils": utils})


class Pickler(pickle.Pickler):
    def __init__(self, file, legacy):
        super().__init__(file, 2)
        self.legacy, self.storages, self.inside = legacy, {}, False

    def reducer_override(self, value):
        return NotImplemented

    def persistent_id(self, value):
        # The tensor's own argument tuple holds it again: that is its storage.
        if isinstance(value, Saved) and value in self.storages:
            kind = getattr(sys.modules["torch"], value.storage)
            data = self.storages[value]
            return ("storage", kind, data, "cpu", value.array.size) + ((None,) if self.legacy else ())
        if isinstance(value, Saved):
            self.storages[value] = str(len(self.storages))
        return None


def save(path, content, legacy):
    stream = io.BytesIO()
    pickler = Pickler(stream, legacy)
    pickler.dump(content)
    if legacy:
        with open(path, "wb") as file:
            for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
                pickle.dump(one, file, 2)
            file.write(stream.getvalue())
            pickle.dump(list(pickler.storages.values()), file, 2)
            for value in pickler.storages:
                file.write(struct.pack("<q", value.array.size) + memory(value))
        return
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        archive.writestr("archive/byteorder", "little")
        for value, key in pickler.storages.items():
            archive.writestr(f"archive/data/{key}", memory(value))


def memory(value):
    """The storage's bytes: of a transposed array those of the one that it is a view of."""
    return (value.array.T if value.array.T.flags.c_contiguous and not value.array.flags.c_contiguous else value.array).tobytes()


def ends_with(what, command, text, code=1):
    result = subprocess.run(command, capture_output=True, text=True)
    said = result.stdout + result.stderr
    assert result.returncode == code and text in said and "Traceback" not in said, f"{what}: {result.returncode}: {said}"


def check_pickles(folder):
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    for legacy in (False, True):
        path = os.path.join(folder, f"legacy{legacy}.ckpt")
        save(path, {"state_dict": {"a": Saved(matrix), "t": Saved(matrix.T), "h": Saved(matrix.astype(np.float16), "HalfStorage"),
                                   "b": Saved(np.arange(3, dtype=np.uint16), "BFloat16Storage"), "n": Saved(np.array(5), "LongStorage")},
                    "callbacks": Hostile(), "global_step": 5}, legacy)
        tensors = common.read_checkpoint(path)
        assert sorted(tensors) == ["a", "b", "h", "n", "t"], sorted(tensors)
        assert (tensors["a"] == matrix).all() and (tensors["t"] == matrix.T).all() and (tensors["h"] == matrix).all() and tensors["n"] == 5
        assert tensors["b"].dtype == arrays.dtypes()["BF16"] and tensors["b"].view(np.uint16).tolist() == [0, 1, 2]
        assert not os.path.exists(Hostile.marker), "a pickle's code was executed"
        out = os.path.join(folder, "out.safetensors")
        common.write_tensors(out, tensors)
        again = arrays.read_safetensors(out)
        assert all(again[name].shape == value.shape and again[name].dtype == value.dtype and (again[name] == value).all() for name, value in tensors.items())
        whole = open(path, "rb").read()
        open(path, "wb").write(whole[:-7])
        ends_with("a truncated checkpoint", [sys.executable, os.path.join(CONVERT, "metric_weights.py"), path, out], path)


def check_wrapped_names(folder):
    """torch.compile's and DataParallel's parts of names are left out, "module." only where all have it."""
    names = (("_orig_mod.a.w", "_orig_mod.b"), ("a._orig_mod.w", "b"), ("module.a.w", "module.b"), ("module._orig_mod.a.w", "module.b"))
    for first, second in names:
        path = os.path.join(folder, "wrapped.ckpt")
        save(path, {first: Saved(np.ones(2, np.float32)), second: Saved(np.ones(3, np.float32))}, True)
        assert sorted(common.read_checkpoint(path)) == ["a.w", "b"], (first, second)
        common.write_tensors(os.path.join(folder, "wrapped.safetensors"), {first: np.ones(2, np.float32), second: np.ones(3, np.float32)})
        assert sorted(common.read_checkpoint(os.path.join(folder, "wrapped.safetensors"))) == ["a.w", "b"], (first, second)
    assert sorted(common.without_wrappers({"module.a": 1, "b": 2})) == ["b", "module.a"]


def check_commands(folder, skipbench):
    scripts = ["all_metric_weights.py", "ddpm.py", "ldm.py", "metric_weights.py", "stable_diffusion.py"]
    for script in scripts:
        for python in {sys.executable, "/usr/bin/python3"}:
            if os.access(python, os.X_OK):
                ends_with(f"{script} --help", [python, os.path.join(CONVERT, script), "--help"], "usage: ", 0)
    ends_with("self_check.py without diffusers", [sys.executable, "-S", os.path.join(CONVERT, "self_check.py")], "-r scripts/requirements/resaved.txt")
    downloads, weights = os.path.join(folder, "downloads"), os.path.join(folder, "weights")
    os.makedirs(os.path.join(downloads, "v0.1"))
    everything = [sys.executable, os.path.join(CONVERT, "all_metric_weights.py"), downloads, weights, "--skipbench", skipbench]
    ends_with("nothing there", everything, "MISSING  i3d_k400.safetensors: no rgb_imagenet.pt in ")
    with open(os.path.join(downloads, "v0.1", "alex.pth"), "wb") as file:
        file.write(bytes(6009))
    ends_with("another file", everything, "alex.pth has another SHA-256 than df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0")
    with open(os.path.join(downloads, "vgg.pth"), "wb") as file:
        file.write(bytes(7))
    ends_with("a short file", everything, "vgg.pth has 7 bytes, not 7,289")
    assert not os.path.exists(weights) or not os.listdir(weights)


def check_all_weights(folder):
    """The command on made-up files, with a stand-in for the program that lists them."""
    import hashlib
    downloads = os.path.join(folder, "made_up")
    os.makedirs(downloads)
    path = os.path.join(downloads, "alex.pth")
    save(path, {name: Saved(np.ones((1, 4, 1, 1), np.float32)) for name in ("lin0.model.1.weight", "lin4.model.1.weight", "scale")}, True)
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    program = os.path.join(folder, "lists")
    with open(program, "w") as file:
        file.write(f"#!/bin/sh\nprintf 'heads.safetensors\\talex.pth\\t{os.path.getsize(path)}\\t{digest}\\tsomewhere\\n'\n")
    os.chmod(program, 0o755)
    command = [sys.executable, os.path.join(CONVERT, "all_metric_weights.py"), downloads, os.path.join(folder, "made"), "--skipbench", program]
    ends_with("made", command, "ok       heads.safetensors: made from ", 0)
    assert sorted(arrays.read_safetensors(os.path.join(folder, "made", "heads.safetensors"))) == ["lin0.model.1.weight", "lin4.model.1.weight"]
    ends_with("again", command, "ok       heads.safetensors: was there already", 0)


def main():
    skipbench, folder = sys.argv[1:]
    Hostile.marker = os.path.join(folder, "executed")
    stand_ins()
    check_pickles(folder)
    check_wrapped_names(folder)
    check_commands(folder, skipbench)
    check_all_weights(folder)
    print("scripts/convert: all checks passed")


if __name__ == "__main__":
    main()
