"""Where the program is, and how it is called."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


class SkipbenchError(RuntimeError):
    """What the program said when it failed."""

    def __init__(self, message: str, exit_code: int | None = None):
        super().__init__(message)
        self.exit_code = exit_code


def program() -> Path:
    """The program: what SKIPBENCH_PROGRAM names, else the wheel's, else that of the checkout, else that of PATH."""
    named = os.environ.get("SKIPBENCH_PROGRAM")
    if named:
        if not os.access(named, os.X_OK):
            raise SkipbenchError(f"SKIPBENCH_PROGRAM names {named}, which is no program")
        return Path(named)
    for path in (_PACKAGE / "bin" / "skipbench", _PACKAGE.parents[1] / "build" / "skipbench"):
        if os.access(path, os.X_OK):
            return path
    # Not the entry point that pip writes, which would start this again.
    for folder in os.get_exec_path():
        found = shutil.which("skipbench", path=folder)
        if found and Path(found).open("rb").read(4) == b"\x7fELF":
            return Path(found)
    raise SkipbenchError("the program was not found: set SKIPBENCH_PROGRAM, or build it (scripts/build)")


def environment() -> dict[str, str]:
    """The environment that the program runs in: where torch is not beside this package, the loader has to be told."""
    variables = dict(os.environ)
    if (_PACKAGE / "bin" / "skipbench").exists() and not (_PACKAGE.parent / "torch").exists():
        torch = importlib.util.find_spec("torch")
        if torch and torch.origin:
            library = str(Path(torch.origin).parent / "lib")
            variables["LD_LIBRARY_PATH"] = ":".join(filter(None, [library, variables.get("LD_LIBRARY_PATH")]))
    return variables


def call(arguments: list[str], fine: tuple[int, ...] = (0,), show: bool = False) -> tuple[int, str]:
    """Runs the program; its exit code and what it printed. SkipbenchError for exit codes that are not `fine`."""
    done = subprocess.run(
        [str(program()), *arguments],
        stdout=subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment(),
        check=False,
    )
    if done.returncode not in fine:
        said = (done.stderr or "").strip().removeprefix("skipbench: ")
        what = said or f"skipbench {arguments[0]} ended with the exit code {done.returncode}"
        raise SkipbenchError(what, done.returncode)
    return done.returncode, done.stdout


def version() -> str:
    """What `skipbench --version` says."""
    return call(["--version"])[1].strip()
