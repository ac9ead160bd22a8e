"""Results, as the program tables them and as its HDF5 files hold them."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from ._program import SkipbenchError, call

_STOPPED = 75  # the exit code of a run that was stopped and can go on

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Comparison:
    """Of a result with an earlier one, by `skipbench compare`."""

    verdict: str  # "no regression", "regression", "inconclusive" or "not comparable"
    reasons: list[str]
    settings: pd.DataFrame  # a row for each setting and metric: base, new, loss, loss_low, loss_high, limit, verdict
    json: dict[str, Any] = field(repr=False)

    def __bool__(self) -> bool:
        """Whether there is no regression."""
        return self.verdict == "no regression"


class Result:
    """A result: a folder that a run wrote, or a results.h5. It is read anew each time something is asked for."""

    def __init__(self, paths: Sequence[PathLike]):
        self._paths = [Path(path) for path in paths]
        self._checked: tuple[str, int] | None = None
        for path in self._paths:
            if not path.exists():
                raise SkipbenchError(f"{path}: no such result")

    def __repr__(self) -> str:
        return f"skipbench.open({', '.join(repr(str(path)) for path in self._paths)})"

    @property
    def path(self) -> Path:
        """Its folder or file; of several parts the first."""
        return self._paths[0]

    def table(self, format: str = "markdown", *arguments: str) -> str:
        """What `skipbench table --format ...` prints."""
        return call(["table", *map(str, self._paths), "--format", format, *arguments])[1]

    @property
    def settings(self) -> pd.DataFrame:
        """A row for each setting: cost, speed and metrics with their intervals, as in `skipbench table --format csv`."""
        return pd.read_csv(io.StringIO(self.table("csv")), dtype={"static_path": str})

    @property
    def info(self) -> dict[str, Any]:
        """What the run was: model, scheduler, steps, seed, environments, notes (`skipbench table --format json`)."""
        table: dict[str, Any] = json.loads(self.table("json"))
        return {key: value for key, value in table.items() if key != "settings"}

    @property
    def verdict(self) -> dict[str, Any]:
        """Which setting comes closest to the full run within a budget, and how sure that is (`skipbench verdict`)."""
        told: dict[str, Any] = json.loads(call(["verdict", *map(str, self._paths), "--format", "json"])[1])
        return told

    @property
    def samples(self) -> pd.DataFrame:
        """A row for each sample: id, caption, seed, label."""
        with self._file() as file:
            group = file["samples"]
            columns = {name: _values(group[name]) for name in ("id", "caption", "seed", "label")}
        return pd.DataFrame(columns).set_index("id")

    @property
    def values(self) -> pd.DataFrame:
        """A row for each sample and setting: metrics, evaluations, multiply-accumulates, status (0: done)."""
        frames = []
        with self._file() as file:
            ids = file["samples/id"][:]
            for label, setting in _settings(file):
                columns = {
                    name: _values(data)
                    for name, data in setting.items()
                    if isinstance(data, h5py.Dataset) and data.shape == ids.shape
                }
                frame = pd.DataFrame(columns)
                frame.insert(0, "setting", label)
                frame.insert(1, "id", ids)
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @property
    def paths(self) -> dict[str, npt.NDArray[np.uint8]]:
        """By setting what every call of every sample did: [samples, calls]; 0 reuse, 1 the whole network, 2 a part, 3 a
        weighted sum of earlier outputs. Of guidance rows that decide apart the conditional one's."""
        with self._file() as file:
            return {label: setting["action"][:] for label, setting in _settings(file)}

    def images(self, sample: int) -> dict[str, npt.NDArray[np.uint8]]:
        """By setting the picture of the sample with this id: [height, width, 3], of clips [frames, height, width, 3].
        Results hold pictures when the config says `"save": ["images"]`."""
        with self._file() as file:
            places = np.flatnonzero(file["samples/id"][:] == sample)
            if len(places) == 0:
                raise SkipbenchError(f"{self.path}: there is no sample with the id {sample}")
            pictures = {
                label: setting["images"][int(places[0])] for label, setting in _settings(file) if "images" in setting
            }
        if not pictures:
            raise SkipbenchError(f'{self.path}: holds no pictures; "save": ["images"] in the config keeps them')
        return pictures

    def compare(self, other: Result | PathLike, *arguments: str) -> Comparison:
        """Whether this result is worse than `other`, which came before it; `arguments` as those of `skipbench compare`:
        "--max-psnr-drop", "0.2"."""
        base = other if isinstance(other, Result) else Result([other])
        parts = ["--base", *map(str, base._paths), "--new", *map(str, self._paths)]
        told = json.loads(call(["compare", *parts, "--format", "json", *arguments], fine=(0, 1, 2, 4))[1])
        reasons = list(told["not_comparable"])
        rows = []
        for setting in told["settings"]:
            reasons += [f"{setting['setting']}: {reason}" for reason in setting["reasons"]]
            for metric, change in {**setting["metrics"], **setting["set_metrics"]}.items():
                rows.append({"setting": setting["setting"], "metric": metric, **change})
        return Comparison(told["verdict"], reasons, pd.DataFrame(rows), told)

    def write(self, file: PathLike) -> None:
        """Writes `settings` as .parquet (with pyarrow), .csv or .json."""
        path = Path(file)
        if path.suffix == ".parquet":
            self.settings.to_parquet(path, index=False)
        elif path.suffix in (".csv", ".json"):
            path.write_text(self.table(path.suffix[1:]), encoding="utf-8")
        else:
            raise SkipbenchError(f"{path}: expected a name that ends with .parquet, .csv or .json")

    def _file(self) -> h5py.File:
        if len(self._paths) > 1:
            raise SkipbenchError("samples of several parts are read from one result: skipbench merge makes it")
        path = self.path / "results.h5" if self.path.is_dir() else self.path
        if not path.exists() and (self.path / "segments").is_dir():
            raise SkipbenchError(f"{self.path}: has no results.h5: the run has not ended (skipbench run --resume goes on)")
        # h5py reads a file that was damaged or changed without a word; the program says what is wrong with it.
        state = (str(self.path), path.stat().st_mtime_ns if path.exists() else 0)
        if self._checked != state:
            call(["table", str(self.path)])
            self._checked = state
        return h5py.File(path, "r")


def open(*paths: PathLike) -> Result:
    """The result in a folder, or in a results.h5; several paths are parts of one run."""
    if not paths:
        raise SkipbenchError("skipbench.open: at least one result was expected")
    return Result(paths)


def run(
    config: PathLike | Mapping[str, Any],
    *,
    out: PathLike,
    set: Mapping[str, Any] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    arguments: Iterable[str] = (),
    progress: bool = False,
) -> Result:
    """Runs an experiment and returns its result.

    `config`: a file, or what stands in one (paths are then relative to the working directory). `set`: values to change,
    {"data.count": 16}; a list sweeps. `progress`: the program's progress on the standard error.
    """
    with tempfile.TemporaryDirectory(prefix="skipbench") as folder:
        if isinstance(config, Mapping):
            # Beside the paths that it names, not in the temporary folder.
            file = _written_beside(config, Path(folder))
        else:
            file = Path(config)
        command = ["run", str(file), "--out", str(out), *arguments]
        for path, value in (set or {}).items():
            command += ["--set", f"{path}={_set_text(value)}"]
        for flag, wanted in (("--resume", resume), ("--overwrite", overwrite), ("--quiet", not progress)):
            if wanted:
                command.append(flag)
        try:
            call(command, show=progress)
        except SkipbenchError as error:
            if error.exit_code != _STOPPED:
                raise
            # What the program says of going on names a config that may have been written for this call only.
            stopped = str(error).partition(" To go on:")[0]
            raise SkipbenchError(f"{stopped} To go on: skipbench.run(..., resume=True)", _STOPPED) from None
    return Result([out])


def _written_beside(config: Mapping[str, Any], folder: Path) -> Path:
    """The config as a file whose relative paths mean the working directory's."""
    file = folder / "config.json"
    file.write_text(json.dumps(_absolute(dict(config))), encoding="utf-8")
    return file


def _absolute(value: Any) -> Any:
    """Texts that name something in the working directory by a relative path, with the directory in front."""
    if isinstance(value, Mapping):
        return {key: _absolute(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_absolute(inner) for inner in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return str(Path(value).absolute())
    if isinstance(value, str) and "/" in value and not os.path.isabs(value) and Path(value).exists():
        return str(Path(value).absolute())
    return value


def _set_text(value: Any) -> str:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return ",".join(_set_text(one) for one in value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value if isinstance(value, str) else json.dumps(value)


def _settings(file: h5py.File) -> list[tuple[str, h5py.Group]]:
    groups = file["settings"]
    return [(str(groups[name].attrs["label"]), groups[name]) for name in sorted(groups, key=int)]


def _values(data: h5py.Dataset) -> Any:
    return data.asstr()[:] if h5py.check_string_dtype(data.dtype) else data[:]
