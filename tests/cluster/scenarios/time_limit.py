"""A task runs out of time at least twice, and its own script queues it again."""

import threading

ATTEMPT = 60  # seconds at most: the limit of two minutes less a signal a minute before it


def run(s):
    steps = 50
    each = s.processor_seconds_per_sample(steps)
    samples = int(2.4 * ATTEMPT / each) + 1
    s.say(f"{each:.2f} s a sample of one processor: {samples} samples")
    config = s.config(samples=samples, steps=steps)
    job, merge, out = s.submit(config, "--tasks", 1, "--time", "2", "--signal-before", 60)
    undivided = threading.Thread(target=s.undivided, args=(config,))
    undivided.start()
    for restart in (1, 2):
        s.cluster.wait_for(lambda: max(s.restarts(job), default=0) >= restart, f"restart {restart}", 240)
        s.say(f"restart {restart}, with {s.stored(out)} waves of {samples} stored")
    s.expect(s.cluster.states(merge) == ["PENDING"], "the merge waits")
    s.expect_ends(job, ["COMPLETED"], "the task", seconds=1500)
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    undivided.join()
    s.expect_equal(s.folder / "undivided", out)
