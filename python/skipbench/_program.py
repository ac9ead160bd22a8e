"""Where the program is, and how it is called."""

from __future__ import annotations

import codecs
import importlib.metadata
import importlib.util
import os
import pty
import re
import shutil
import subprocess
import sys
import termios
import threading
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


def _require_torch() -> None:
    """The wheel's program is linked with one version of torch, which its requirements name; pip can be told to ignore them."""
    try:
        wanted = [text for text in importlib.metadata.requires("skipbench") or [] if text.startswith("torch==")]
    except importlib.metadata.PackageNotFoundError:  # copied, not installed
        return
    try:
        found = "torch " + importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        found = "no torch"
    if wanted and found.replace(" ", "==").partition("+")[0] != wanted[0]:
        raise SkipbenchError(f"skipbench was built with {wanted[0]}, and here is {found}: pip install {wanted[0]}")


def environment() -> dict[str, str]:
    """The environment that the program runs in: where torch is not beside this package, the loader has to be told."""
    variables = dict(os.environ)
    if not (_PACKAGE / "bin" / "skipbench").exists():
        return variables
    _require_torch()
    if not (_PACKAGE.parent / "torch").exists():
        torch = importlib.util.find_spec("torch")
        if torch and torch.origin:
            library = str(Path(torch.origin).parent / "lib")
            variables["LD_LIBRARY_PATH"] = ":".join(filter(None, [library, variables.get("LD_LIBRARY_PATH")]))
    return variables


def call(arguments: list[str], fine: tuple[int, ...] = (0,), show: bool = False) -> tuple[int, str]:
    """Runs the program; its exit code and what it printed. SkipbenchError for exit codes that are not `fine`, with what
    the program said. `show`: its standard error is passed on as it comes."""
    path = program()
    try:
        code, printed, said = _run_shown([str(path), *arguments]) if show else _run([str(path), *arguments])
    except OSError as error:
        raise SkipbenchError(f"{path} could not be started: {error.strerror or error}") from error
    if code not in fine:
        message = re.split(r"(?m)(?:^|\x1b\[K)skipbench: ", said)[-1].strip()
        how = f"signal {-code}" if code < 0 else f"the exit code {code}"
        raise SkipbenchError(message or f"skipbench {arguments[0]} ended with {how}", code)
    return code, printed


def _run(command: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment(),
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _run_shown(command: list[str]) -> tuple[int, str, str]:
    """As `_run`, and passes the standard error on as it comes, to a terminal as the program draws for one."""
    if sys.stderr.isatty():
        read_end, write_end = pty.openpty()
        termios.tcsetwinsize(write_end, termios.tcgetwinsize(sys.stderr.fileno()))
    else:
        read_end, write_end = os.pipe()
    said: list[str] = []
    reader = threading.Thread(target=_pass_on, args=(read_end, said))
    try:
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=write_end,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment(),
        ) as process:
            os.close(write_end)
            write_end = -1
            reader.start()
            printed = process.communicate()[0]
        reader.join()
    finally:
        if write_end >= 0:
            os.close(write_end)
            os.close(read_end)
    return process.returncode, printed, "".join(said)


def _pass_on(read_end: int, said: list[str]) -> None:
    """Until nothing writes any more; keeps the last parts."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        try:
            part = os.read(read_end, 1 << 16)
        except OSError:  # a terminal's way of saying that it ends
            part = b""
        if not part:
            break
        text = decoder.decode(part).replace("\r\n", "\n")
        sys.stderr.write(text)
        sys.stderr.flush()
        said.append(text)
        del said[:-100]
    os.close(read_end)


def version() -> str:
    """What `skipbench --version` says."""
    return call(["--version"])[1].strip()
