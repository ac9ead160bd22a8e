"""An array of 4 tasks, a fixed shard each, and the dependent job that joins them."""


def run(s):
    config = s.config(samples=8)
    undivided = s.undivided(config)
    job, merge, out = s.submit(config, "--tasks", 4, "--time", "10", "--gpus-per-task", 1, "--fixed-shards")
    s.expect_ends(job, ["COMPLETED"] * 4, "the array of 4")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)
