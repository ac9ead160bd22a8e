#!/usr/bin/env python3
"""Prints the folders with the libraries of this Python's torch, for `run` to load a bundle's programs with. torch is not imported: its
libraries serve where the packages of its Python half (typing_extensions, sympy, ...) are missing, too.

    torch_libraries.py BUILT_FOR        the file that scripts/gpu_bundle wrote: {"device": "cuda", "torch": "2.11.0", "cuda": "13.0"}
"""
import importlib.util
import json
import pathlib
import platform
import runpy
import sys

REMEDY = "name a Python that has it: SKIPBENCH_PYTHON=/path/to/python3"


def version_of(folder):
    """Of a torch's folder: (version without what follows "+", as it stands, CUDA's version or None)."""
    about = runpy.run_path(str(folder / "version.py"))
    return about["__version__"].split("+")[0], about["__version__"], about.get("cuda")


def wanted(built_for):
    return f"torch {built_for['torch']}" + (f" for CUDA {built_for['cuda'].split('.')[0]}" if built_for["device"] == "cuda" else "")


def problem_of(folder, built_for):
    """Why the programs of the bundle cannot run with the torch in this folder; nothing where they can."""
    if not (folder / "version.py").exists():
        return f"{folder} is no torch: it has no version.py"
    version, full, cuda = version_of(folder)
    needs_cuda = built_for["device"] == "cuda"
    if version != built_for["torch"] or (needs_cuda and (cuda or "none").split(".")[0] != built_for["cuda"].split(".")[0]):
        return f"its torch is {full}, {f'for CUDA {cuda}' if cuda else 'without CUDA'}"
    libraries = ["libtorch_cpu.so", "libc10.so", *(["libtorch_cuda.so", "libc10_cuda.so"] if needs_cuda else [])]
    lost = [name for name in libraries if not (folder / "lib" / name).exists()]
    return f"its torch lacks {', '.join(lost)} in {folder / 'lib'}" if lost else None


def library_folders(folder):
    """torch's own, and those of NVIDIA's wheels beside it or elsewhere on this Python's path."""
    sites = [folder.parent / "nvidia"]
    beside = importlib.util.find_spec("nvidia")
    if beside and beside.submodule_search_locations:
        sites += [pathlib.Path(place) for place in beside.submodule_search_locations]
    found = [folder / "lib", *(lib for site in sites for lib in sorted(site.glob("*/lib")))]
    return list(dict.fromkeys(str(place) for place in found))


def torch_folder():
    """Where this Python's torch lies; None without one."""
    spec = importlib.util.find_spec("torch")
    return pathlib.Path(spec.origin).parent if spec and spec.origin else None


def main():
    built_for = json.loads(pathlib.Path(sys.argv[1]).read_text())
    folder = torch_folder()
    problem = problem_of(folder, built_for) if folder else "it has no torch"
    if problem:
        sys.exit(f"error: {sys.executable} (Python {platform.python_version()}): {problem}; this bundle needs {wanted(built_for)}: {REMEDY}")
    print(":".join(library_folders(folder)))


if __name__ == "__main__":
    main()
