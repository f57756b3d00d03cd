"""Reading what is the user's alone: keys, environment, memory, descriptors."""

from .attack import After, Attack
from .host import IS_ROOT, MAY_RAISE_LIMITS, MAY_TRACE, NEEDS_RESOURCE, NEEDS_ROOT, YAMA
from .signs import secret_came_out, told

CLEAN_ENVIRONMENT = "children of every level start with an environment of their own"


def _shadow_was_opened(after: After) -> bool:
    return after.told == "r"  # the first letter of "root"


ATTACKS = [
    Attack(
        "read_etc_shadow",
        "Read the system's password file; one letter of it is proof enough.",
        "tell(open('/etc/shadow').read(1))",
        _shadow_was_opened,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack("read_ssh_key", "Read a private key.", "say(open(C['home'] + '/.ssh/id_rsa').read())", secret_came_out),
    Attack(
        "read_every_private_file",
        "Read tokens, cloud keys, browser logins, keyrings, caches, shell history and a project's .env.",
        """
        for path in C["private"]:
            with suppress(OSError):
                say(open(path).read())
        """,
        secret_came_out,
    ),
    Attack(
        "read_as_prediction",
        "Read a secret while predicting.",
        "say(open(C['home'] + '/.netrc').read())",
        secret_came_out,
        place="predict",
    ),
    Attack(
        "read_at_import",
        "Read a secret when the script is imported.",
        "say(open(C['home'] + '/.aws/credentials').read())",
        secret_came_out,
        place="import",
    ),
    Attack(
        "read_into_the_exception",
        "Carry a secret out in the message of an exception.",
        "raise ValueError(open(C['home'] + '/.aws/credentials').read())",
        secret_came_out,
    ),
    Attack(
        "list_home",
        "List the user's home.",
        "tell(len(os.listdir(C['home'])))",
        told,
    ),
    Attack(
        "watch_home",
        "Be told of everything that the user does in their home (inotify).",
        """
        fd = checked(libc.inotify_init1(os.O_NONBLOCK))
        checked(libc.inotify_add_watch(fd, C["home"].encode(), 0x100 | 0x20 | 0x2))
        tell()
        """,
        told,
    ),
    Attack(
        "watch_mount",
        "Be told of every file that is opened on the disk (fanotify).",
        """
        fd = syscall(number(300, 262), 0x8, os.O_RDONLY)
        syscall(number(301, 263), fd, 0x1 | 0x10, 0x20, -100, C["home"].encode())
        tell()
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "env_secret",
        "Find a key in one's own environment.",
        "say(os.environ['OPENAI_API_KEY'])",
        secret_came_out,
        control=False,
        without=CLEAN_ENVIRONMENT,
    ),
    Attack(
        "print_environment",
        "Print every variable, as the C library sees it and as the kernel does.",
        """
        say(" ".join(os.environ.values()))
        say(open("/proc/self/environ").read().replace(chr(0), " "))
        """,
        secret_came_out,
        control=False,
        without=CLEAN_ENVIRONMENT,
    ),
    Attack(
        "proc_parent_environ",
        "Read the environment of the user's processes.",
        """
        for pid in processes():
            with suppress(OSError):
                say(open(f"/proc/{pid}/environ").read().replace(chr(0), " ")[:300]) if pid == C["victim"] else None
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "proc_parent_cmdline",
        "Read the command line of the user's process.",
        "tell(len(open('/proc/%d/cmdline' % C['parent'], 'rb').read()))",
        told,
    ),
    Attack(
        "proc_parent_mem",
        "Read the memory of the user's process through /proc.",
        """
        with open(f"/proc/{C['parent']}/mem", "rb", 0) as memory:
            memory.seek(C["parents_address"])
            say(memory.read(C["parents_length"]))
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "proc_parent_maps",
        "Read where the user's process keeps its memory.",
        "tell(len(open('/proc/%d/maps' % C['parent']).read()))",
        told,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "proc_victim_fd",
        "Open a deleted file of another process through /proc.",
        "say(open('/proc/%d/fd/%d' % (C['victim'], C['victims_fd'])).read())",
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "proc_root",
        "Go through the root and the working directory of every process that shows.",
        """
        for pid in processes():
            for way in ("root" + C["home"], "cwd/../home"):
                with suppress(OSError):
                    say(open(f"/proc/{pid}/{way}/.ssh/id_rsa").read())
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "write_victims_memory",
        "Write into the memory of another process, here the same bytes as were there.",
        """
        with open(f"/proc/{C['victim']}/mem", "r+b", 0) as memory:
            memory.seek(C["victims_address"])
            held = memory.read(C["victims_length"])
            memory.seek(C["victims_address"])
            memory.write(held)
            say(held)
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "process_vm_readv",
        "Read the memory of the user's process by a system call.",
        """
        held = ctypes.create_string_buffer(C["parents_length"])
        here = (ctypes.c_size_t * 2)(ctypes.addressof(held), len(held))
        there = (ctypes.c_size_t * 2)(C["parents_address"], len(held))
        checked(libc.process_vm_readv(C["parent"], here, 1, there, 1, 0))
        say(held.raw)
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "ptrace_parent",
        "Stop another process of the user as a debugger does, and read its memory.",
        """
        libc.ptrace.restype = ctypes.c_long
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        checked(libc.ptrace(16, C["victim"], None, None))
        os.waitpid(C["victim"], 0)
        words = [libc.ptrace(2, C["victim"], C["victims_address"] + k, None) for k in range(0, C["victims_length"], 8)]
        say(struct.pack(f"={len(words)}q", *words))
        libc.ptrace(17, C["victim"], None, None)
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "ptrace_supervisor",
        "Seize the supervisor and the zygote as a debugger does.",
        "checked(libc.ptrace(0x4206, SUPERVISOR, None, None)); tell()",
        told,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "supervisors_memory",
        "Read the memory of the supervisor, which forked from the same zygote and so lies at the same addresses.",
        """
        mark = ctypes.create_string_buffer(b"0123456789")
        with open(f"/proc/{SUPERVISOR}/maps") as maps:
            start = next(int(line.split("-")[0], 16) for line in maps if "[stack]" in line)
        with open(f"/proc/{SUPERVISOR}/mem", "rb", 0) as memory:
            memory.seek(start)
            tell(len(memory.read(16)))
        """,
        told,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "pidfd_getfd_parent",
        "Copy a descriptor out of the user's process.",
        """
        mine = syscall(438, syscall(434, C["parent"], 0), C["parents_fd"], 0)
        say(os.pread(mine, 100, 0))
        """,
        secret_came_out,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "pidfd_getfd_supervisor",
        "Copy the supervisor's or the zygote's socket, and speak in its name.",
        """
        mine = None
        for there in range(3, 64):
            with suppress(OSError):
                mine = syscall(438, syscall(434, SUPERVISOR, 0), there, 0)
                if stat.S_ISSOCK(os.fstat(mine).st_mode):
                    tell(os.readlink(f"/proc/self/fd/{mine}"))
        """,
        told,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "inherited_fd",
        "Find a descriptor that was open in the user's process.",
        """
        for fd in range(3, 1024):
            with suppress(OSError):
                say(os.pread(fd, 4096, 0))
        """,
        secret_came_out,
        control=False,
        without="interpreters of every level start with the descriptors that they need and no other",
    ),
    Attack(
        "inherited_directory",
        "Walk out from a directory that is still open from before the root was turned.",
        """
        for fd in range(3, 1024):
            for up in ("", "../" * 30):
                with suppress(OSError):
                    say(open(os.open(up + C["home"][1:] + "/.ssh/id_rsa", os.O_RDONLY, dir_fd=fd)).read())
        """,
        secret_came_out,
        control=False,
        without="a child of every level has no directory open when its script begins",
    ),
    Attack(
        "inherited_sockets",
        "Find the zygote's or the supervisor's end of a socket among one's own descriptors.",
        """
        for fd in range(3, 1024):
            with suppress(OSError):
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    tell(fd)
        """,
        told,
        control=False,
        without="a child of every level closes them before the script",
    ),
    Attack(
        "read_through_o_path",
        "Open a secret as a mere path, then again through that descriptor.",
        """
        fd = os.open(C["home"] + "/.ssh/id_rsa", os.O_PATH)
        say(open(f"/proc/self/fd/{fd}").read())
        """,
        secret_came_out,
    ),
    Attack(
        "read_by_openat2",
        "Open a secret by openat2 from a directory outside.",
        """
        home = os.open(C["home"], os.O_PATH | os.O_DIRECTORY)
        how = struct.pack("=3Q", os.O_RDONLY, 0, 0x08)
        say(os.pread(syscall(437, home, b".ssh/id_rsa", how, 24), 100, 0))
        """,
        secret_came_out,
    ),
    Attack(
        "read_xattr",
        "Read extended attributes of files outside.",
        "tell(len(os.listxattr(C['home'] + '/.ssh/id_rsa')))",
        told,
    ),
    Attack(
        "stat_probe_outside",
        "Learn that a path exists, and its size.",
        "tell(os.stat(C['home'] + '/.ssh/id_rsa').st_size)",
        told,
        allowed_at_standard="Landlock does not cover stat",
    ),
    Attack(
        "readlink_outside",
        "Read where a link outside leads.",
        """
        names = [f"/proc/{pid}/exe" for pid in (C["parent"], C["victim"])]
        for name in names:
            with suppress(OSError):
                tell(os.readlink(name))
        """,
        told,
        control=MAY_TRACE,
        without=YAMA,
    ),
    Attack(
        "find_the_user_processes",
        "Look at the list of processes for the user's.",
        "assert os.path.exists(f'/proc/{C[\"victim\"]}/stat'); tell(os.stat(f'/proc/{C[\"victim\"]}').st_uid)",
        told,
        allowed_at_standard="like stat: which process ids exist",
    ),
    Attack(
        "swap_secret_into_map",
        "Map a secret file into memory instead of reading it.",
        """
        fd = os.open(C["home"] + "/.kube/config", os.O_RDONLY)
        say(mmap.mmap(fd, 0, prot=mmap.PROT_READ)[:])
        """,
        secret_came_out,
    ),
    Attack(
        "core_dump",
        "Leave an image of memory where the system puts crashes.",
        """
        import resource
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
            tell()
        os.abort()
        """,
        told,
        control=MAY_RAISE_LIMITS,
        without=NEEDS_RESOURCE,
    ),
    Attack(
        "read_kernel_log",
        "Read the kernel's log, which names addresses and programs.",
        "held = ctypes.create_string_buffer(64); checked(libc.klogctl(3, held, 64)); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
]
