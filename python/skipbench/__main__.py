"""The program, as `skipbench` or `python -m skipbench`."""

import os
import sys

from ._program import SkipbenchError, environment, program


def main() -> None:
    try:
        path, variables = str(program()), environment()
    except SkipbenchError as error:
        sys.exit(f"skipbench: {error}")
    os.execve(path, [path, *sys.argv[1:]], variables)


if __name__ == "__main__":
    main()
