"""The nightly on a cluster: jobs are killed, requeued, run twice, kept waiting, and nothing is lost or doubled."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import Hub
from test_nightly import bare, entry, smoke, started, statuses
from test_released import SAFE, TOKEN

STAND_IN = '''#!{python}
"""A cluster of one stand-in: sbatch, squeue and scancel, told apart by name."""
import os, pathlib, re, signal, subprocess, sys, time

here = pathlib.Path({state!r})
name = pathlib.Path(sys.argv[0]).name


def fates():
    file = here / "fates"
    found = dict(line.split() for line in file.read_text().splitlines())
    return found


def task(script, index, seconds=None):
    process = subprocess.Popen(["sh", script], env={{**os.environ, "SLURM_ARRAY_TASK_ID": index}}, start_new_session=True)
    if seconds is None:
        return process
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if name == "sbatch":
    script = sys.argv[-1]
    number = len(list(here.glob("job-*"))) + 1
    job = here / f"job-{{number}}"
    job.write_text(pathlib.Path(script).read_text())
    copy = here / f"script-{{number}}"
    copy.write_text(job.read_text())
    (here / f"state-{{number}}").write_text("PENDING")
    subprocess.Popen([sys.executable, sys.argv[0].replace("sbatch", "node"), str(number)], start_new_session=True,
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(here / "complaints", "a"))
    print(number)
elif name == "squeue":
    state = here / f"state-{{sys.argv[-1]}}"
    if not state.exists():
        sys.exit("slurm_load_jobs error: Invalid job id specified")
    print(state.read_text())
elif name == "scancel":
    (here / "cancelled").write_text(sys.argv[-1])
else:
    number = sys.argv[-1]
    script = str(here / f"script-{{number}}")
    tasks = re.search(r"--array=([\\d,]+)%", pathlib.Path(script).read_text())[1].split(",")
    if number == "1":
        time.sleep(1.0)  # the node is drained at first
    (here / f"state-{{number}}").write_text("RUNNING")
    left = []
    for index in tasks:
        fate = fates().get(f"{{number}}/{{index}}", "runs")
        if fate == "killed":
            task(script, index, 0.3)
        elif fate == "requeued":
            task(script, index, 0.3)
            left.append(task(script, index))
        elif fate == "twice":
            left += [task(script, index), task(script, index)]
        else:
            left.append(task(script, index))
    for process in left:
        process.wait()
    (here / f"state-{{number}}").unlink()
'''


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """A folder with stand-ins for Slurm's commands, and what they note."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    for name in ("sbatch", "squeue", "scancel", "node"):
        file = folder / name
        file.write_text(STAND_IN.format(python=sys.executable, state=str(folder)), encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    (folder / "fates").write_text("", encoding="utf-8")
    return folder


def asked(hub: Hub, name: str) -> int:
    """How often the hub was asked what a repository holds."""
    return sum(path.startswith(f"/api/models/lab/{name}") for _, path, _, _ in hub.log)


def test_tasks_that_are_killed_requeued_or_run_twice_lose_and_double_nothing(tmp_path: Path, cluster: Path) -> None:
    root, hub = bare(tmp_path / "root"), Hub()
    names = ["killed", "lost", "requeued", "runs", "twice"]
    for name in names:
        entry(root, name)
        hub.add(f"lab/{name}", {"model.safetensors": SAFE})
    fates = {"1/0": "killed", "1/1": "killed", "2/1": "killed", "3/1": "killed", "1/2": "requeued", "1/4": "twice"}
    (cluster / "fates").write_text("".join(f"{task} {fate}\n" for task, fate in fates.items()), encoding="utf-8")
    with hub.serving():
        call = ["--all", "--rungs", "header", "--slurm", "--run", "r", "--sbatch=--partition=night", "--sbatch=--gres=gpu:1"]
        code, output = smoke(root, hub, *call, PATH=f"{cluster}:{os.environ['PATH']}")
        assert {name: rungs["header"] for name, rungs in statuses(root, "r").items()} == {
            **dict.fromkeys(names, "passed"),
            "lost": "crashed",
        }, output
        assert code == 1
        assert [asked(hub, name) for name in names] == [1, 0, 1, 1, 1]
        again, told = smoke(root, hub, "--resume", PATH=f"{cluster}:{os.environ['PATH']}")
    assert (again, statuses(root, "r")["lost"]) == (3, {"header": "passed"}), told
    assert [asked(hub, name) for name in names] == [1] * 5
    scripts = [(cluster / f"script-{number}").read_text() for number in (1, 2, 3, 4)]
    arrays = [next(line for line in script.splitlines() if "--array" in line) for script in scripts]
    assert arrays == [f"#SBATCH --array={tasks}%8" for tasks in ("0,1,2,3,4", "0,1", "1", "1")]
    for line in ("#SBATCH --requeue", "#SBATCH --gres=gpu:1", "#SBATCH --partition=night", "#SBATCH --time=7"):
        assert line in scripts[0].splitlines()
    assert not any(TOKEN in script for script in scripts)
    assert not (cluster / "complaints").read_text()


def test_a_run_that_was_killed_waits_for_the_job_it_submitted(tmp_path: Path, cluster: Path) -> None:
    root, hub = bare(tmp_path / "root"), Hub()
    entry(root, "one")
    hub.add("lab/one", {"model.safetensors": SAFE})
    path = f"{cluster}:{os.environ['PATH']}"
    with hub.serving():
        process = started(root, hub, "--all", "--rungs", "header", "--slurm", "--run", "r", PATH=path)
        while not (root / "build" / "nightly" / "r" / "slurm-job").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        process.kill()
        process.communicate()
        code, output = smoke(root, hub, "--resume", PATH=path)
    assert (code, statuses(root, "r")) == (3, {"one": {"header": "passed"}}), output
    assert (asked(hub, "one"), len(list(cluster.glob("job-*")))) == (1, 1)


def test_without_slurm_a_call_for_it_is_wrong(tmp_path: Path) -> None:
    root = bare(tmp_path / "root")
    entry(root, "one")
    empty = tmp_path / "empty"
    empty.mkdir()
    code, output = smoke(root, None, "--all", "--rungs", "header", "--slurm", PATH=str(empty))
    assert (code, "sbatch is not installed; leave --slurm out" in output) == (2, True)


CONFIGURATION = """ClusterName=toy
SlurmctldHost={host}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
GresTypes=gpu
NodeName={host} CPUs={cores} RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=night Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real controller and a real node with two GPUs that are none."""
    if not all(map(shutil.which, ("slurmctld", "slurmd", "sbatch"))) or os.getuid():
        pytest.skip("wants slurmctld, slurmd and their user root (apt-get install slurmctld slurmd)")
    folder = tmp_path / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 - 512
    host, ports, cores = socket.gethostname(), (free_port(), free_port()), os.cpu_count() or 1
    text = CONFIGURATION.format(host=host, folder=folder, ports=ports, cores=cores, memory=memory)
    (folder / "slurm.conf").write_text(text, encoding="utf-8")
    devices = "".join(f"Name=gpu File=/dev/{name}\n" for name in ("null", "zero"))
    (folder / "gres.conf").write_text(devices, encoding="utf-8")
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    daemons = []
    for name in ("slurmctld", "slurmd"):
        with (folder / f"{name}.log").open("wb") as log:
            command = [name, "-D", "-f", str(folder / "slurm.conf")]
            daemons.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
    try:
        _until_idle(folder)
        yield folder
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            daemon.wait(20)


def _until_idle(folder: Path) -> None:
    began = time.monotonic()
    while "idle" not in subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True, text=True, check=False).stdout:
        if time.monotonic() > began + 30:
            logs = "\n".join((folder / f"{name}.log").read_text()[-1000:] for name in ("slurmctld", "slurmd"))
            pytest.skip(f"Slurm is installed and does not start here: {logs}")
        time.sleep(0.2)


def test_a_real_cluster_runs_requeues_and_drains(tmp_path: Path, slurm: Path) -> None:
    root, hub = bare(tmp_path / "root"), Hub()
    for name in ("held", "other", "third"):
        entry(root, name)
        hub.add(f"lab/{name}", {"model.safetensors": SAFE})
    hub.fault("GET /api/models/lab/held", wait=600, times=1)
    with hub.serving():
        configuration = os.environ["SLURM_CONF"]
        call = ["--all", "--rungs", "header", "--slurm", "--run", "r", "--memory", "4", "--sbatch=--gres=gpu:1"]
        # Slurm reads where its configuration is from the environment, which `settings` empties of a job's own variables.
        process = started(root, hub, *call, SLURM_CONF=configuration)
        while not asked_for(hub, "held"):
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
        job = (root / "build" / "nightly" / "r" / "slurm-job").read_text()
        _control("update", f"nodename={socket.gethostname()}", "state=drain", "reason=test")
        _control("requeue", f"{job}_0")
        _control("update", f"nodename={socket.gethostname()}", "state=resume")
        while process.poll() is None:
            # A requeued task waits two minutes by Slurm's own rule; whoever operates the cluster can let it go on.
            _control("update", f"jobid={job}_0", "starttime=now", may_fail=True)
            time.sleep(0.5)
        output, _ = process.communicate(timeout=300)
    assert statuses(root, "r") == {name: {"header": "passed"} for name in ("held", "other", "third")}, output
    assert process.returncode == 3
    report = json.loads((root / "build" / "nightly" / "r" / "report.json").read_text())
    assert report["loaded"] == []


def asked_for(hub: Hub, name: str) -> bool:
    """Whether the fault of a repository was met."""
    return any(fault.times == 0 and name in fault.match for fault in hub.faults)


def _control(*what: str, may_fail: bool = False) -> None:
    told = subprocess.run(["scontrol", *what], capture_output=True, text=True, check=False)
    assert may_fail or told.returncode == 0, told.stderr
