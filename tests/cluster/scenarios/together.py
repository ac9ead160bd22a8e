"""A job of 4 tasks over both nodes, which share the run; then one of them is killed, and the others do its work."""

import os
import signal


def run(s):
    config = s.config(samples=12, steps=50)
    undivided = s.undivided(config)
    job, merge, out = s.submit(config, "--tasks", 4, "--time", "30", "--together")
    s.expect_ends(job, ["COMPLETED"], "the job of 4 tasks")
    nodes = s.cluster.jobs(job)[0]["NodeList"]
    s.expect(nodes == "n[0-1]", f"it ran on {nodes}")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)

    job, merge, out = s.submit(config, "--tasks", 4, "--time", "30", "--together", out="one killed")
    s.wait_until_stored(out, 4)
    os.kill(s.rank_process(job, 2), signal.SIGKILL)
    s.say(f"rank 2 is killed, with {s.stored(out)} waves of 12 stored")
    s.expect_ends(job, ["FAILED"], "the job, as its killed task")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)
