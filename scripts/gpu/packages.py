"""Which Python packages gpu_check's steps need, and which of them this Python lacks: looked at before anything long runs."""
import importlib
import os
import platform
import shutil
import sys

from gpu.checking import HERE

# What is imported of each, and which others have to be there first. The programs need none of them.
PACKAGES = {
    "numpy": (("numpy",), ()),
    "safetensors": (("safetensors.numpy",), ("numpy",)),
    "h5py": (("h5py",), ("numpy",)),
    "torch": (("torch",), ()),
    "diffusers": (("diffusers", "safetensors.torch"), ("torch", "safetensors")),
}
# What steps use that run without it, and what they then go without.
USED_BY = {"machine": ("torch",), "quickstart": ("h5py",)}
PARTS = {"machine": "cuDNN's version", "quickstart": "decisions and PSNR sample by sample"}
FOR_MODELS = ("numpy", "safetensors")        # of scripts/make_random_model.py
DIFFUSERS_CLASSES = ("UNet2DConditionModel", "DiTTransformer2DModel")


def with_their_needs(names):
    """The packages and those that they need, in the order in which to import them."""
    wanted = {name for name in names} | {need for name in names for need in with_their_needs(PACKAGES[name][1])}
    return [name for name in PACKAGES if name in wanted]


def add_diffusers_wheel(scratch):
    """Puts the bundle's wheel of diffusers in front of what is installed; True where there is one."""
    wheels = sorted((HERE / "wheels").glob("diffusers-*.whl"))
    if wheels:
        site = scratch / "site"
        if not site.exists():
            shutil.unpack_archive(wheels[0], site, "zip")
        if str(site) not in sys.path:
            sys.path.insert(0, str(site))
    return bool(wheels)


def why_missing(name, scratch):
    """What importing the package says; None where it is there."""
    carried = True
    if name == "diffusers":
        os.environ["DIFFUSERS_VERBOSITY"] = "error"
        carried = add_diffusers_wheel(scratch)
    try:
        for module in PACKAGES[name][0]:
            importlib.import_module(module)
        if name == "diffusers":                     # it imports its networks when they are asked for
            for one in DIFFUSERS_CLASSES:
                getattr(importlib.import_module(name), one)
    except Exception as error:                                                # noqa: BLE001: a broken package says all kinds of things
        said = " ".join(str(error).split()) or type(error).__name__
        return said if carried else f"{said} (the bundle was made with --no-wheel)"
    return None


def look(check, names):
    """Fills check.missing; returns the versions of those that are there. What was looked for already is left out."""
    versions = {}
    for name in with_their_needs(names):
        if name in check.missing:
            continue
        absent = [need for need in PACKAGES[name][1] if need in check.missing]
        why = f"it needs {', '.join(absent)}" if absent else why_missing(name, check.scratch)
        if why:
            check.missing[name] = why
        else:
            versions[name] = getattr(sys.modules[name], "__version__", "?")
    return versions


def report(check, versions, steps):
    """Says what is there, what is missing, and what goes without. `steps`: by name the packages that each needs."""
    check.say("## packages")
    check.say()
    check.say(f"{sys.executable}, Python {platform.python_version()}: {', '.join(f'{name} {version}' for name, version in versions.items()) or 'no package'}")
    for name, why in check.missing.items():
        without = [f"{step} is skipped" for step, needs in steps.items() if name in needs]
        without += [f"{step} goes without {PARTS[step]}" for step, uses in USED_BY.items() if step in steps and name in with_their_needs(uses)]
        check.say(f"- MISSING: {name} ({why}): {', '.join(without)}")
    if check.missing:
        check.say("- Install what is missing, or name a Python that has it: SKIPBENCH_PYTHON=/path/to/python3. The rest runs.")
    check.say()


