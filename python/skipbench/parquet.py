"""python -m skipbench.parquet RESULT... OUT.parquet: the table of results as a Parquet file (needs pyarrow)."""

import sys

import skipbench


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or not arguments[-1].endswith(".parquet"):
        print(__doc__, file=sys.stderr)
        return 3
    try:
        skipbench.open(*arguments[:-1]).write(arguments[-1])
    except (skipbench.SkipbenchError, ImportError) as error:
        print(f"skipbench.parquet: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
