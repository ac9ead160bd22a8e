"""The program, as `skipbench` or `python -m skipbench`."""

import os
import sys

from ._program import SkipbenchError, environment, program


def main() -> None:
    try:
        path = str(program())
    except SkipbenchError as error:
        sys.exit(f"skipbench: {error}")
    os.execve(path, [path, *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
