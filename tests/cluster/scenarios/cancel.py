"""scancel: no task is queued again, the merge says what is missing, and submitted once more the run goes on."""

from slurm_cluster import output, sbatch_file


def run(s):
    config = s.config(samples=24, steps=50)
    undivided = s.undivided(config)
    job, merge, out = s.submit(config, "--tasks", 2, "--time", "30")
    s.wait_until_stored(out, 4)
    output(["scancel", job])
    s.expect_ends(job, ["CANCELLED"] * 2, "the cancelled array")
    s.expect_ends(merge, ["FAILED"], "the merge after it")
    log = (out / f"slurm/merge-{merge}.log").read_text()
    s.expect("samples are missing" in log, "it says: " + log.strip().splitlines()[0])
    stored = s.stored(out)
    s.expect(0 < stored < 24, f"{stored} waves of 24 stay")
    job = sbatch_file(out / "slurm/run.sh")
    merge = sbatch_file(out / "slurm/merge.sh", f"--dependency=afterany:{job}")
    s.expect_ends(job, ["COMPLETED"] * 2, "the array, submitted again")
    s.expect_ends(merge, ["COMPLETED"], "the merge")
    s.expect_equal(undivided, out)
