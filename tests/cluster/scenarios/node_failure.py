"""A node dies with its task: SLURM queues the task again, and it goes on on the other node."""


def run(s):
    config = s.config(samples=24, steps=50)
    undivided = s.undivided(config)
    # A task takes a whole node.
    job, merge, out = s.submit(config, "--tasks", 2, "--time", "30", "--cpus-per-task", 2)
    s.wait_until_stored(out, 4)
    entry = s.cluster.jobs(job)[-1]
    s.cluster.kill_node(entry["NodeList"])
    s.say(f"node {entry['NodeList']} is dead, with {s.stored(out)} waves of 24 stored")
    s.cluster.wait_for(lambda: max(s.restarts(job), default=0) == 1, "SLURM queues the task again", 120)
    s.say("SLURM has queued its task again")
    s.expect_ends(job, ["COMPLETED"] * 2, "the array of 2")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)
