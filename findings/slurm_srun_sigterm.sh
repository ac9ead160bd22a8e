#!/usr/bin/env bash
# SLURM: SIGTERM sent to srun is not handed on: the step's programs get SIGKILL at once. SIGUSR1 is handed on.
#
# Version: SLURM 22.05.8 (Debian 12: slurmctld, slurmd, slurm-client 22.05.8-4+deb12u3; munge 0.5.15-2+deb12u1). srun's manual says that
# signals sent to srun are forwarded to the tasks it controls and names <control-c> as the exception, and batch scripts that catch the
# signal of --signal=B:... are written so: trap 'kill -TERM $pid', where pid is that of "srun program &".
#
# Seen, with a program of two tasks that catches SIGTERM and SIGUSR1, notes it, and ends with 75:
#   kill -USR1 srun               both tasks note USR1, srun ends with 75
#   kill -TERM srun               "forcing job termination"; no task notes anything, both are killed (137), in less than a second, though
#                                 KillWait is 30 s
#   scancel --signal=TERM JOB     both tasks note TERM, srun ends with 75
# So a program that stores its work on SIGTERM loses it, and the batch script sees 137 rather than the program's own exit code.
# `skipbench submit` sends srun SIGUSR1, whatever signal its script got.
#
# Fails if any of the three goes otherwise. Needs root, for the network and process namespaces in which a cluster of one node runs.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
apt-get -q -o APT::Sandbox::User=root download slurmctld=22.05.8-4+deb12u3 slurmd=22.05.8-4+deb12u3 slurm-client=22.05.8-4+deb12u3 \
  slurm-wlm-basic-plugins=22.05.8-4+deb12u3 munge=0.5.15-2+deb12u1 libmunge2=0.5.15-2+deb12u1 libhwloc15=2.9.0-1 libnuma1=2.0.16-1 >/dev/null
for package in *.deb; do dpkg -x "$package" root; done
libraries="$folder/root/usr/lib/x86_64-linux-gnu"
export PATH="$folder/root/usr/sbin:$folder/root/usr/bin:$PATH" LD_LIBRARY_PATH="$libraries:$libraries/slurm-wlm"
export SLURM_CONF="$folder/slurm.conf"
mkdir state spool
head -c 1024 /dev/urandom > key && chmod 400 key
cat > slurm.conf <<CONF
ClusterName=finding
SlurmctldHost=node(10.99.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/socket
CredType=cred/munge
PluginDir=$libraries/slurm-wlm
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
KillWait=30
NodeName=node NodeAddr=10.99.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=node Default=YES State=UP
CONF
echo "CgroupPlugin=cgroup/v1" > cgroup.conf
cat > program <<PROGRAM
trap 'echo TERM > $folder/noted-\$SLURM_PROCID; exit 75' TERM
trap 'echo USR1 > $folder/noted-\$SLURM_PROCID; exit 75' USR1
touch $folder/ready-\$SLURM_PROCID
while :; do sleep 0.05; done
PROGRAM
cat > job <<JOB
#!/bin/bash
for way in "kill -USR1 \\\$srun" "kill -TERM \\\$srun" "scancel --signal=TERM \\\$SLURM_JOB_ID"; do
  rm -f $folder/ready-* $folder/noted-*
  srun --ntasks=2 bash $folder/program & srun=\$!
  until [[ -e $folder/ready-0 && -e $folder/ready-1 ]]; do sleep 0.05; done
  sleep 1
  SECONDS=0
  eval "\$way"
  wait \$srun
  echo "\$way: exit \$?, noted: \$(cat $folder/noted-* 2>/dev/null | xargs), \$((SECONDS < 10 ? 0 : SECONDS))" >> $folder/seen
done
touch $folder/done
JOB
cat > expected <<'SEEN'
kill -USR1 $srun: exit 75, noted: USR1 USR1, 0
kill -TERM $srun: exit 137, noted: , 0
scancel --signal=TERM $SLURM_JOB_ID: exit 75, noted: TERM TERM, 0
SEEN
cat > cluster <<CLUSTER
ip link set lo up && ip address add 10.99.0.1/32 dev lo && hostname node
munged --foreground --force --socket=$folder/socket --key-file=$folder/key --log-file=$folder/munge.log --pid-file=$folder/munge.pid \
  --seed-file=$folder/seed &
until [[ -e $folder/socket ]]; do sleep 0.1; done
slurmctld-wlm -D > $folder/slurmctld.out 2>&1 &
slurmd-wlm -D -N node -d "$folder/root/usr/sbin/slurmstepd-wlm" > $folder/slurmd.out 2>&1 &
for ((i = 0; i < 300; ++i)); do [[ "\$(sinfo -h -o %t 2>/dev/null)" == idle ]] && break; sleep 0.1; done
sbatch --ntasks=2 --output=$folder/job.log $folder/job
for ((i = 0; i < 900; ++i)); do [[ -e $folder/done ]] && break; sleep 0.1; done
CLUSTER
unshare --mount --pid --fork --kill-child --mount-proc --net --uts --ipc bash cluster > cluster.out 2>&1 || true
cat seen 2>/dev/null || { tail -n 5 cluster.out slurm*.out job.log; exit 1; }
diff expected seen
