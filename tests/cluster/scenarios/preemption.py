"""An urgent job takes the nodes: SLURM queues the tasks again, and they go on after it."""

from slurm_cluster import sbatch

URGENT = """#!/bin/bash
#SBATCH --partition=urgent --nodes=2 --ntasks-per-node=2 --output=/dev/null
sleep 3
"""


def run(s):
    config = s.config(samples=24, steps=50)
    undivided = s.undivided(config)
    job, merge, out = s.submit(config, "--tasks", 4, "--time", "30", "--partition", "all")
    s.wait_until_stored(out, 4)
    urgent = sbatch(URGENT)
    s.expect_ends(urgent, ["COMPLETED"], "the urgent job")
    s.expect(s.restarts(job) == [1] * 4, f"restarts of the tasks: {s.restarts(job)}")
    s.expect_ends(job, ["COMPLETED"] * 4, "the array of 4")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)
