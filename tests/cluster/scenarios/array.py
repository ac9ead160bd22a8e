"""An array of 4 tasks, a static shard each, and a merge."""

from slurm_cluster import sbatch

SCRIPT = """#!/bin/bash
#SBATCH --array=0-3
#SBATCH --output={folder}/task-%a.log
srun {program} run {config} --quiet --resume \\
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --out {folder}/shard-$SLURM_ARRAY_TASK_ID
"""


def run(s):
    config = s.config(samples=8)
    undivided, _ = s.undivided(config)
    job = sbatch(SCRIPT.format(folder=s.folder, program=s.program, config=config))
    states = [entry["JobState"] for entry in s.cluster.wait(job, 120)]
    s.expect(states == ["COMPLETED"] * 4, f"the array of 4: {states}")
    s.skipbench("merge", *(s.folder / f"shard-{i}" for i in range(4)), "--out", s.folder / "merged")
    s.expect_equal(undivided, s.folder / "merged")
