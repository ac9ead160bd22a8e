# %% [markdown]
# # skipbench from Python
#
# The cells of this file (Jupyter, VS Code and PyCharm show them as such) run a small experiment on the model that ships
# and look at it. `python3 examples/python_tour.py [FOLDER]` runs all of it in about five seconds.

# %%
import sys
import tempfile

import skipbench

folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="skipbench-tour-")
print(skipbench.version())

# %% [markdown]
# A config is a dictionary, or a file. A list where one value is expected is a sweep.

# %%
config = {
    "name": "tour",
    "pipeline": "fashion-scenes",
    "scheduler": "dpm_solver_multistep",
    "steps": 20,
    "guidance": 4.0,
    "data": {"type": "fashion_scenes", "count": 4},
    "seed": 1,
    "methods": [
        {"type": "full_step"},
        {"type": "fewer_steps", "steps": 10},
        {"type": "adaptive_diffusion", "delta": [0.01, 0.05], "max_skips": 4},
    ],
    "metrics": ["psnr", "ssim"],
    "save": ["images"],
}
result = skipbench.run(config, out=f"{folder}/tour", overwrite=True)

# %% [markdown]
# A row for each setting, with intervals:

# %%
print(result.settings[["setting", "nfe_mean", "macs_matmuls_ratio", "psnr", "psnr_low", "psnr_high"]].to_string(index=False))

# %% [markdown]
# A row for each sample and setting:

# %%
values = result.values
print(values.groupby("setting", sort=False)[["nfe", "ssim"]].mean())
print(result.samples.head())

# %% [markdown]
# What each call did: 1 the whole network, 0 the last output again.

# %%
for setting, paths in result.paths.items():
    print("".join(map(str, paths[0])), setting)

# %% [markdown]
# The pictures of one sample:

# %%
sample = int(result.samples.index[0])
pictures = result.images(sample)
print({setting: picture.shape for setting, picture in pictures.items()})

# %% [markdown]
# Is a larger threshold worse? Results are compared sample by sample.

# %%
again = skipbench.run(config, out=f"{folder}/again", set={"seed": 1}, overwrite=True)
comparison = again.compare(result)
print(comparison.verdict, comparison.reasons)
assert comparison, comparison.reasons
