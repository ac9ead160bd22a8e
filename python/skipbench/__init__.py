"""skipbench from Python: runs experiments and reads their results.

    import skipbench

    result = skipbench.run("configs/quickstart.json", out="results/local/quickstart")
    print(result.settings[["setting", "nfe_mean", "psnr"]])
    print(result.compare(skipbench.open("results/base")).verdict)

Nothing is computed here: the program does it, and what is read from its results is theirs.
"""

from ._program import SkipbenchError, program, version
from ._result import Comparison, Result, open, run

__all__ = ["Comparison", "Result", "SkipbenchError", "open", "program", "run", "version"]
