"""Rare doors of the kernel: namespaces, programs in the kernel, time, modules, tracing."""

from .attack import Attack
from .host import HAS_USERNS, IS_ROOT, NEEDS_ROOT, NO_USERNS, answers
from .signs import arrived, told

MACHINE = "this machine does not give it"


def _past_the_door(name, tries, numbers, arguments, *, control, without=MACHINE):
    """Return an attack that calls with nonsense: a refusal at the door differs from one of the nonsense.

    Nothing can happen, for the kernel asks for rights first and looks at arguments then.
    """
    code = f"""
        libc.syscall.restype = ctypes.c_long
        arguments = [ctypes.c_long(a) if isinstance(a, int) else a for a in {arguments!r}]
        result = libc.syscall(ctypes.c_long(number(*{numbers!r})), *arguments)
        if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            tell(os.strerror(ctypes.get_errno()))
    """
    return Attack(name, tries, code, told, control=control, without=without)


ATTACKS = [
    Attack(
        "unshare_user",
        "Become root of a user namespace of one's own.",
        "in_child(lambda: [checked(libc.unshare(0x10000000)), tell(os.readlink('/proc/self/ns/user'))])",
        told,
        control=HAS_USERNS,
        without=NO_USERNS,
    ),
    Attack(
        "clone_newuser",
        "The same by clone.",
        """
        flags = ctypes.c_ulong(0x10000000 | 17)
        pid = libc.syscall(ctypes.c_long(number(56, 220)), flags, None, None, None, None)
        if pid == 0:
            os._exit(0)
        tell(checked(pid))
        """,
        told,
        control=HAS_USERNS,
        without=NO_USERNS,
    ),
    Attack(
        "clone3_newuser",
        "The same by clone3, whose flags no filter can see.",
        """
        wanted = ctypes.create_string_buffer(struct.pack("=8Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0), 64)
        pid = libc.syscall(ctypes.c_long(435), wanted, ctypes.c_long(64))
        if pid == 0:
            os._exit(0)
        tell(checked(pid))
        """,
        told,
        control=HAS_USERNS,
        without=NO_USERNS,
    ),
    Attack(
        "clone_thread_apart",
        "Start a thread whose descriptors are not its process's: CLONE_THREAD without CLONE_FILES.",
        """
        stack = mmap.mmap(-1, 1 << 20)
        top = ctypes.addressof(ctypes.c_char.from_buffer(stack)) + len(stack)
        pause = ctypes.cast(libc.pause, ctypes.c_void_p)
        tell(checked(libc.clone(pause, ctypes.c_void_p(top), 0x100 | 0x200 | 0x800 | 0x10000 | 0x40000, None)))
        """,
        told,
    ),
    Attack(
        "unshare_rest",
        "Take other namespaces of one's own: network, names, processes, control groups, time.",
        """
        def attack():
            for flag in (0x40000000, 0x4000000, 0x20000000, 0x2000000, 0x80, 0x8000000):
                if libc.unshare(flag) == 0:
                    tell(hex(flag))
        in_child(attack)
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "bpf",
        "Make a map in the kernel.",
        """
        wanted = ctypes.create_string_buffer(struct.pack("=IIII", 2, 4, 4, 1), 128)
        syscall(number(321, 280), 0, wanted, 128)
        tell()
        """,
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "perf_event",
        "Count events of the processor.",
        """
        wanted = ctypes.create_string_buffer(struct.pack("=IIQ", 1, 128, 0), 128)
        wanted[40:48] = struct.pack("=Q", 0x20 | 0x40)
        syscall(number(298, 241), wanted, 0, -1, -1, 0)
        tell()
        """,
        told,
        control=IS_ROOT and answers(298, 0, 0, -1, -1, 0),
        without=NEEDS_ROOT,
    ),
    Attack(
        "userfaultfd",
        "Stop the kernel in the middle of a copy.",
        "syscall(number(323, 282), 1); tell()",
        told,
        control=answers(323, 1),
        without=MACHINE,
    ),
    Attack(
        "personality_aslr",
        "Make addresses predictable for programs to come.",
        "tell(checked(libc.personality(ctypes.c_ulong(0x0040000))))",
        told,
    ),
    Attack(
        "memfd_secret",
        "Take memory that nobody can look into.",
        "syscall(447, 0); tell()",
        told,
        control=answers(447, 0),
        without=MACHINE,
    ),
    Attack(
        "switch_seccomp_off",
        "Lay a filter of one's own over the sandbox's, which allows everything, and one that answers calls itself.",
        """
        checked(libc.prctl(38, 1, 0, 0, 0))
        for flags, answer in ((0, 0x7FFF0000), (8, 0x7FFF0000)):
            program = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, answer))
            with suppress(OSError):
                syscall(number(317, 277), 1, flags, struct.pack("=HxxxxxxQ", 1, ctypes.addressof(program)))
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"leak", ("127.0.0.1", C["ports"]["udp"]))
        """,
        arrived("udp"),
    ),
    _past_the_door(
        "kernel_module",
        "Load a module into the kernel.",
        (175, 105),
        (0, 0, 0),
        control=IS_ROOT and answers(175, 0, 0, 0),
        without=NEEDS_ROOT,
    ),
    _past_the_door(
        "kexec",
        "Put another kernel in this one's place.",
        (246, 104),
        (0, 99999, 0, 0),
        control=IS_ROOT and answers(246, 0, 99999, 0, 0),
        without=NEEDS_ROOT,
    ),
    _past_the_door(
        "restart",
        "Restart the machine, with a number that the kernel knows for a mistake.",
        (169, 142),
        (1, 2, 3),
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    _past_the_door("swap_on", "Swap to nowhere.", (167, 224), (0, 0), control=IS_ROOT, without=NEEDS_ROOT),
    _past_the_door(
        "accounting",
        "Have all programs written down, in no file.",
        (163, 89),
        (1,),
        control=IS_ROOT and answers(163, 1),
        without=NEEDS_ROOT,
    ),
    _past_the_door(
        "fsopen", "Make a file system of one's own.", (430, 430), (0, 0), control=IS_ROOT, without=NEEDS_ROOT
    ),
    _past_the_door(
        "open_tree", "Take a copy of mounts.", (428, 428), (-100, 0, 1), control=IS_ROOT, without=NEEDS_ROOT
    ),
    Attack(
        "switch_landlock_off",
        "Lay an empty set of rules over the sandbox's, in the hope that it takes their place.",
        """
        fd = syscall(444, struct.pack("=QQ", 0, 1), 16, 0)
        checked(libc.prctl(38, 1, 0, 0, 0))
        syscall(446, fd, 0)
        say(open(C["home"] + "/.ssh/id_rsa").read())
        """,
        lambda after: after.scene.secret in after.text,
        control=answers(444, 0, 0, 1),
        without="this kernel has no Landlock",
    ),
    Attack(
        "from_another_thread",
        "Read a secret from a thread that was started later, and from one that was started by the C library.",
        """
        def read():
            with suppress(OSError):
                say(open(C["home"] + "/.ssh/id_rsa").read())
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        """,
        lambda after: after.scene.secret in after.text,
    ),
    Attack(
        "regain_capabilities",
        "Take capabilities back: set them, or raise them as ambient ones.",
        """
        header = struct.pack("=II", 0x20080522, 0)
        syscall(number(126, 91), header, struct.pack("=6I", *[0xFFFFFFFF] * 6))
        tell()
        """,
        told,
        control=False,
        without="even root lacks some of them here and there; the next attack shows the same",
    ),
    Attack(
        "change_user",
        "Become another user.",
        "checked(libc.setresuid(12345, 12345, 12345)); tell(os.getuid())",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "change_groups",
        "Join every group.",
        "os.setgroups([0, 1, 2, 4, 6, 42]); tell(os.getgroups())",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "open_proc_sys",
        "Change a setting of the kernel; only opened.",
        "os.open('/proc/sys/kernel/randomize_va_space', os.O_WRONLY); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "open_sysrq",
        "Command the kernel as from a keyboard; only opened.",
        "os.open('/proc/sysrq-trigger', os.O_WRONLY); tell()",
        told,
        control=IS_ROOT and __import__("os").access("/proc/sysrq-trigger", 2),
        without=NEEDS_ROOT,
    ),
    Attack(
        "open_sys",
        "Change a device's setting; only opened.",
        """
        for path in glob.glob("/sys/kernel/mm/*/enabled") + ["/sys/power/state", "/sys/kernel/profiling"]:
            with suppress(OSError):
                os.open(path, os.O_WRONLY)
                tell(path)
        """,
        told,
        control=False,
        without="which of them are there differs",
    ),
    Attack(
        "read_kernel_symbols",
        "Learn the kernel's addresses.",
        "assert any(int(line.split()[0], 16) for line in open('/proc/kallsyms').readlines()[:5]); tell()",
        told,
        control=False,
        without="most kernels hide them from all but root, and some from root",
    ),
    Attack(
        "oom_score",
        "Have the kernel kill others first when memory is short.",
        "open('/proc/self/oom_score_adj', 'w').write('-1000'); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
]
