"""Other runs, other jobs, and what belongs to the parent in the job's own directory."""

import subprocess

from .attack import After, Attack
from .signs import exists, secret_came_out, told


def _left_in_run(after: After) -> bool:
    """Something other than the table is left beside it, or a job could not be deleted."""
    run = after.scene.root / "runs" / "this"
    left = [path for path in run.iterdir() if path.name != "features.arrow"]
    for path in left:
        if not path.is_symlink():
            subprocess.run(["chmod", "-R", "u+rwX", path], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", path], check=False)  # Python's own way has a depth
    return bool(left)


def _home_is_gone(after: After) -> bool:
    return not after.scene.home.exists() or after.scene.content("home/.bashrc") is None


_OTHERS = """
others = [path for path in glob.glob(RUN + "/job-*") if path != ROOT]
"""

ATTACKS = [
    Attack(
        "other_workspace",
        "Read the pipeline of another run.",
        "say(open(C['other_run'] + '/model/pipeline.pkl').read())",
        secret_came_out,
    ),
    Attack(
        "other_workspace_write",
        "Write into the bundle of another run.",
        "open(C['other_run'] + '/model/pipeline.pkl', 'a').write('evil')",
        lambda after: "evil" in (after.scene.content("runs/other/model/pipeline.pkl") or ""),
    ),
    Attack(
        "read_journal_of_other_run",
        "Read what another run wrote down.",
        "say(open(C['other_run'] + '/journal.jsonl').read())",
        secret_came_out,
    ),
    Attack(
        "forge_journal_of_other_run",
        "Write a better score into the journal of another run.",
        "open(C['other_run'] + '/journal.jsonl', 'a').write('evil')",
        lambda after: "evil" in (after.scene.content("runs/other/journal.jsonl") or ""),
    ),
    Attack(
        "forge_own_journal",
        "Write a journal into the run's own directory.",
        "open(RUN + '/journal.jsonl', 'a').write('evil')",
        exists("runs/this/journal.jsonl"),
    ),
    Attack("list_other_runs", "List the runs.", "tell(os.listdir(os.path.dirname(RUN)))", told),
    Attack(
        "list_own_run",
        "List the directory of one's own run, where other jobs are.",
        "tell(os.listdir(RUN))",
        told,
    ),
    Attack(
        "overwrite_spec",
        "Change the parent's note of what to do, here its limits.",
        "open(ROOT + '/spec.json', 'a').write(' '); tell()",
        told,
    ),
    Attack(
        "overwrite_inputs",
        "Change the labels and rows that the parent handed in.",
        "np.save(ROOT + '/inputs/y.npy', np.zeros(80)); tell()",
        told,
    ),
    Attack(
        "overwrite_script",
        "Change the script that will be shown as what ran.",
        "open(ROOT + '/script/script.py', 'a').write('# innocent'); tell()",
        told,
    ),
    Attack(
        "labels_of_another_job",
        "Read the labels of a job that runs at the same time: they are what this one must predict.",
        _OTHERS
        + """
for path in others:
    say("".join(str(int(label)) for label in np.load(path + "/inputs/y.npy")))
""",
        secret_came_out,
        has_neighbour=True,
    ),
    Attack(
        "files_of_another_job",
        "Read what a job that runs at the same time writes.",
        _OTHERS
        + """
for path in others:
    say(open(path + "/work/diary").read())
""",
        secret_came_out,
        has_neighbour=True,
    ),
    Attack(
        "results_of_another_job",
        "Write the result of a job that runs at the same time.",
        _OTHERS
        + """
for path in others:
    open(path + "/outputs/pred.npy", "w").write("evil")
    tell()
""",
        told,
        has_neighbour=True,
    ),
    Attack(
        "memory_of_another_job",
        "Read the labels out of the memory of a job that runs at the same time.",
        """
        for name in filter(str.isdigit, os.listdir("/proc")):
            if int(name) in (os.getpid(), os.getppid()):
                continue
            with suppress(OSError):
                if os.readlink(f"/proc/{name}/cwd").startswith(RUN + "/job-"):
                    with open(f"/proc/{name}/maps") as maps, open(f"/proc/{name}/mem", "rb", 0) as memory:
                        start = int(maps.readline().split("-")[0], 16)
                        memory.seek(start)
                        tell(len(memory.read(16)))
        """,
        told,
        has_neighbour=True,
    ),
    Attack(
        "kill_another_job",
        "Kill a job that runs at the same time.",
        """
        for name in filter(str.isdigit, os.listdir("/proc")):
            if int(name) in (os.getpid(), os.getppid()):
                continue
            with suppress(OSError):
                if os.readlink(f"/proc/{name}/cwd").startswith(RUN + "/job-"):
                    os.kill(int(name), signal.SIGKILL)
                    tell(name)
        """,
        told,
        has_neighbour=True,
    ),
    Attack(
        "poison_the_next_job",
        "Change modules, built-in functions, variables and random numbers for the job that comes next.",
        """
        import builtins, joblib
        np.save = joblib.dump = builtins.print = lambda *a, **k: None
        sys.modules["sklearn.base"].poisoned = builtins.poisoned = True
        os.environ["LD_PRELOAD"] = os.environ["POISONED"] = "/nowhere.so"
        sys.path.insert(0, os.getcwd())
        """,
        told,
        then="""
        import builtins
        places = (builtins, sys.modules["sklearn.base"])
        found = [*[hasattr(place, "poisoned") for place in places], "POISONED" in os.environ]
        if any(found):
            tell(found)
        """,
        control=False,
        without="every job is a fork of its own, at every level",
    ),
    Attack(
        "rename_the_job",
        "Move one's own directory, so that it is not found when it is to be deleted.",
        "os.rename(ROOT, RUN + '/job-moved'); os._exit(0)",
        _left_in_run,
        ends=("error", "no_result"),
    ),
    Attack(
        "delete_the_job",
        "Delete one's own directory, so that the parent finds nothing to read.",
        """
        import shutil
        shutil.rmtree(ROOT)
        """,
        lambda after: after.outcome.status == "not_run",
        ends=("ok", "error", "no_result", "bad_result"),
    ),
    Attack(
        "job_as_link_to_home",
        "Put a link to the user's home where the job's directory was, for clean-up to follow.",
        "os.rename(ROOT, RUN + '/job-moved'); os.symlink(C['home'], ROOT); os._exit(0)",
        lambda after: any([_home_is_gone(after), _left_in_run(after)]),
        ends=("error", "no_result"),
    ),
    Attack(
        "work_as_link_to_home",
        "Put a link to the user's home where the working directory was, for clean-up and counting to follow.",
        """
        os.rename(ROOT + "/work", ROOT + "/elsewhere")
        os.symlink(C["home"], ROOT + "/work")
        tell()
        """,
        told,
    ),
    Attack(
        "outputs_as_link",
        "Put a link to another directory where the parent looks for results.",
        """
        os.rename(ROOT + "/outputs", ROOT + "/elsewhere")
        os.symlink(C["open"], ROOT + "/outputs")
        os._exit(0)
        """,
        lambda after: after.outcome.status == "not_run",
        ends=("error", "no_result"),
    ),
    Attack(
        "log_as_link_to_secret",
        "Put a link to a secret where the parent reads what was printed.",
        """
        os.unlink(ROOT + "/logs/stdout")
        os.symlink(C["home"] + "/.ssh/id_rsa", ROOT + "/logs/stdout")
        """,
        secret_came_out,
        control=False,
        without="the collector follows no link, at every level",
    ),
    Attack(
        "log_as_hard_link_to_secret",
        "Give a secret a second name where the parent reads what was printed.",
        """
        os.unlink(ROOT + "/logs/stderr")
        os.link(C["home"] + "/.ssh/id_rsa", ROOT + "/logs/stderr")
        """,
        secret_came_out,
        control=False,
        without="the collector reads no file with two names, at every level",
    ),
    Attack(
        "result_that_blocks",
        "Leave pipes under every name that the parent opens.",
        """
        for name in ("stage", "pred.npy", "result.json", "failure.json", "pipeline.pkl"):
            with suppress(OSError):
                os.unlink(OUTPUTS + "/" + name)
            os.mkfifo(OUTPUTS + "/" + name)
        os._exit(0)
        """,
        lambda after: after.outcome.status == "ok",
        control=False,
        without="the collector opens without waiting, at every level",
        ends=("bad_result", "no_result"),
    ),
    Attack(
        "result_written_late",
        "Leave a process that writes a result after the job is over.",
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(0.3)
                os.makedirs(OUTPUTS, exist_ok=True)
                open(OUTPUTS + "/late", "w").write("x")
            os._exit(0)
        """,
        _left_in_run,
        control=False,
        without="the tree is dead before anything is read, at every level",
    ),
    Attack(
        "directories_too_deep_to_delete",
        "Leave directories within directories until whoever deletes them runs out of stack.",
        """
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        """,
        _left_in_run,
        ends=("disk",),
        control=False,
        without="clean-up is the parent's, at every level",
    ),
    Attack(
        "chains_too_deep_to_delete",
        "The same too fast for whoever watches: short chains that are put into one another at the last moment.",
        """
        for k in range(30):
            os.makedirs(f"chain{k}" + "/d" * 50)
        for k in range(29, 0, -1):
            os.rename(f"chain{k}", f"chain{k - 1}" + "/d" * 50 + "/c")
        os._exit(0)
        """,
        _left_in_run,
        control=False,
        without="clean-up is the parent's, at every level",
        ends=("disk",),
    ),
    Attack(
        "names_that_cannot_be_decoded",
        "Leave names with line ends and bytes that are no text, and directories without rights.",
        r"""
        os.makedirs(b"\xff\xfe\n/\x1b[2J")
        open(b"\xff\xfe\n/\x1b[2J/\xc3\x28", "w").close()
        os.makedirs("locked/within")
        open("locked/within/file", "w").close()
        libc.chmod(b"locked/within", 0)
        libc.chmod(b"locked", 0)
        """,
        _left_in_run,
        control=False,
        without="clean-up is the parent's, at every level",
    ),
    Attack(
        "outputs_without_rights",
        "Take the parent's right to look into the results.",
        "libc.chmod(OUTPUTS.encode(), 0); os._exit(0)",
        lambda after: any([_left_in_run(after), after.outcome.status == "ok"]),
        control=False,
        without="the collector and clean-up are the parent's, at every level",
        ends=("no_result", "bad_result", "not_run"),
    ),
    Attack(
        "forge_confinement",
        "Claim to be confined: write on every pipe and socket that is open.",
        """
        for fd in range(3, 256):
            with suppress(OSError):
                if stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode):
                    os.write(fd, b"confined nothing")
                    tell(fd)
        """,
        told,
        control=False,
        without="no pipe or socket of ours is open in a child when its script begins, at every level",
    ),
    Attack(
        "change_table_of_other_run",
        "Write into the table of another run.",
        "open(C['other_run'] + '/data/train.arrow', 'w').write('evil')",
        lambda after: after.scene.content("runs/other/data/train.arrow") == "evil",
    ),
]
