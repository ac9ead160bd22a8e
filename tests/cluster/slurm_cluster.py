"""A SLURM cluster of several nodes on one machine: munged, slurmctld and a slurmd for each node, from Debian's packages.

Everything lies in one folder and in namespaces of its own (processes, network, host name, mounts): nothing outside is
touched, no port can be taken, and whatever ends the program that calls `enter_namespaces`, be it SIGKILL, the kernel
ends all daemons and jobs with it. Each node has a host name and process identifiers of its own.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

DAEMONS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol")
PACKAGES = "slurm-wlm munge"
ADDRESS = "10.99.0.1"  # of the loopback interface: SLURM resolves no name where 127.0.0.1 is the only address
_INSIDE = "SKIPBENCH_CLUSTER_NAMESPACES"

CONFIG = """\
ClusterName=skipbench
SlurmctldHost=ctl({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits for as long as a credential is valid: 120 s unless said otherwise.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
SlurmctldPort=26817
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
# No cgroups: they cannot be had everywhere.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# The nodes have the processors that are written here, whatever the machine has.
SlurmdParameters=config_overrides
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
KillWait=5
OverTimeLimit=0
# A node that does not answer is down after so many seconds, and its jobs are queued again.
SlurmdTimeout=10
ReturnToService=2
PartitionName=all Nodes=n[0-{last}] Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=3 State=UP
PartitionName=urgent Nodes=n[0-{last}] MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF State=UP
"""
GPUS = ("/dev/null", "/dev/zero")  # of each node: SLURM counts device files, and nobody opens these
NODE = "NodeName=n{i} NodeHostname=n{i} NodeAddr={address} Port={port} CPUs={cpus} RealMemory=1000 Gres=gpu:{gpus}\n"


def missing_programs():
    """What of SLURM is not installed, and what else the cluster needs: a text, empty where nothing is missing."""
    missing = [name for name in DAEMONS + ("unshare", "ip") if not shutil.which(name, path=search_path())]
    if missing:
        return f"{', '.join(missing)}: not found (Debian: {PACKAGES} util-linux iproute2; scripts/setup --cluster)"
    if os.geteuid() != 0:
        return "not root: namespaces and slurmd need it"
    probe = subprocess.run(_unshare() + ["true"], capture_output=True, text=True)
    return f"no namespaces here: {probe.stderr.strip()}" if probe.returncode else ""


def search_path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _unshare():
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--uts", "--ipc"]


def enter_namespaces():
    """Runs this program again, in namespaces of its own, and ends with its exit code; returns in the second one."""
    if os.environ.get(_INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
        subprocess.run(["hostname", "ctl"], check=True)
        return
    child = subprocess.Popen(_unshare() + [sys.executable, *sys.argv], env=dict(os.environ, **{_INSIDE: "1"}))
    # The same to both: what is interrupted from outside still tidies up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the child too
    sys.exit(child.wait())


class Cluster:
    """With `folder` empty and there. `with Cluster(folder) as cluster:` starts it, and stops it in any case."""

    def __init__(self, folder, nodes=2, cpus=2):
        self.folder = pathlib.Path(folder)
        self.names = [f"n{i}" for i in range(nodes)]
        self.cpus = cpus
        self.processes = {}
        os.environ["PATH"] = search_path()
        os.environ["SLURM_CONF"] = str(self.folder / "slurm.conf")

    def __enter__(self):
        try:
            self._configure()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _configure(self):
        self.folder.chmod(0o755)
        (self.folder / "state").mkdir()
        (self.folder / "munge").mkdir(mode=0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        text = CONFIG.format(address=ADDRESS, folder=self.folder, last=len(self.names) - 1)
        for i, name in enumerate(self.names):
            (self.folder / f"spool-{name}").mkdir()
            text += NODE.format(i=i, address=ADDRESS, port=26820 + i, cpus=self.cpus,
                                gpus=len(GPUS))
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("".join(f"Name=gpu File={device}\n" for device in GPUS))
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")

    def _launch(self, name, command):
        with open(self.folder / f"{name}.out", "ab") as out:
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                    start_new_session=True)

    def _start(self):
        munge = self.folder / "munge"
        self._launch("munged", ["munged", "--foreground", "--force", f"--socket={munge}/socket",
                                f"--key-file={self.folder}/munge.key", f"--log-file={munge}/log",
                                f"--pid-file={munge}/pid", f"--seed-file={munge}/seed"])
        self._until(lambda: (munge / "socket").exists(), "munged opens its socket", 20)
        self._launch("slurmctld", ["slurmctld", "-D"])
        self._until(lambda: output(["scontrol", "ping"], check=False).find("is UP") >= 0, "slurmctld answers", 30)
        for name in self.names:
            self.start_node(name)
        self._until(lambda: all(self.node_state(name) == "IDLE" for name in self.names), "all nodes are idle", 60)

    def start_node(self, name):
        self._launch(name, ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
                            f"hostname {name} && exec slurmd -D -N {name}"])

    def kill_node(self, name):
        """As if the power went: slurmd and all processes of its jobs end at once."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def _until(self, condition, what, seconds):
        end = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode} before {what}:\n{self.log(name)}")
            if time.monotonic() > end:
                raise RuntimeError(f"{seconds} s and not yet: {what}\n" + self.log("slurmctld"))
            time.sleep(0.2)

    def log(self, name, lines=15):
        file = self.folder / f"{name}.out"
        return "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else ""

    def stop(self):
        for name, process in reversed(self.processes.items()):
            process.kill() if name in self.names else process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def node_state(self, name):
        found = re.search(r"State=(\w+)", output(["scontrol", "show", "node", name], check=False))
        return found.group(1) if found else ""

    def jobs(self, job):
        """What SLURM says of a job, or of every task of an array: a list of dictionaries, ordered by task."""
        text = output(["scontrol", "--oneliner", "show", "job", str(job)], check=False)
        jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in text.splitlines() if line.startswith("JobId=")]
        return sorted(jobs, key=lambda job: int(job.get("ArrayTaskId", "0").split("-")[0].split(",")[0]))

    def states(self, job):
        return [entry["JobState"] for entry in self.jobs(job)]

    def wait(self, job, seconds, what="the job ends"):
        """Until no task of the job waits or runs. Returns jobs(job)."""
        going = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED", "SIGNALING", "STOPPED",
                 "RESIZING", "STAGE_OUT", "SPECIAL_EXIT", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD"}
        found = []

        def ended():
            found[:] = self.jobs(job)  # nothing where slurmctld is too busy to answer
            return found and not going & {entry["JobState"] for entry in found}
        self._until(ended, what, seconds)
        return found

    def wait_for(self, condition, what, seconds):
        self._until(condition, what, seconds)


def output(command, check=True):
    """What a command prints."""
    result = subprocess.run(command, capture_output=True, text=True)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def sbatch(script, *options):
    """Submits a text; returns the job's number."""
    result = subprocess.run(["sbatch", "--parsable", *options], input=script, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"sbatch: {result.stderr.strip()}")
    return result.stdout.strip().split(";")[0]


def sbatch_file(file, *options):
    return output(["sbatch", "--parsable", *options, str(file)]).strip().split(";")[0]
