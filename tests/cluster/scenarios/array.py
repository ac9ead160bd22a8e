"""An array of 4 tasks that claim waves, and the same with a fixed shard each; the dependent job looks, or joins."""


def run(s):
    config = s.config(samples=8)
    undivided = s.undivided(config)
    for out, more in (("shared folder", ()), ("shards", ("--fixed-shards",))):
        job, merge, folder = s.submit(config, "--tasks", 4, "--time", "10", "--gpus-per-task", 1, *more, out=out)
        s.expect_ends(job, ["COMPLETED"] * 4, f"the array of 4, {out}")
        s.expect_ends(merge, ["COMPLETED"], "the merge")
        s.expect_equal(undivided, folder)
