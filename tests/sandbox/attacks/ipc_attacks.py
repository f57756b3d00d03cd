"""Shared memory, queues, semaphores and keys: what has no path, or lies where all write."""

from .attack import Attack
from .host import answers
from .ipc import KEYCTL, remove_key, remove_queue, remove_segment
from .signs import appeared, secret_came_out, told

HAS_KEYS = answers(KEYCTL, 0, -4, 0)


ATTACKS = [
    Attack(
        "dev_shm_write",
        "Leave memory where all processes can take it.",
        "open('/dev/shm/octopus-evil-' + C['tag'], 'wb').write(bytes(4096))",
        appeared(lambda after: f"/dev/shm/octopus-evil-{after.scene.secret[:8]}"),
    ),
    Attack(
        "semaphore_left",
        "Leave a named semaphore.",
        """
        checked(libc.sem_open(("/octopus-" + C["tag"]).encode(), os.O_CREAT, 0o600, 1) and 0)
        os.stat("/dev/shm/sem.octopus-" + C["tag"])
        """,
        appeared(lambda after: f"/dev/shm/sem.octopus-{after.scene.secret[:8]}"),
    ),
    Attack(
        "sysv_shm",
        "Leave a shared memory segment.",
        "checked(libc.shmget(int(C['tag'][:7], 16), 4096, 0o1600))",
        lambda after: remove_segment(int(after.scene.secret[:7], 16)),
    ),
    Attack(
        "sysv_shm_read",
        "Read the user's shared memory.",
        """
        libc.shmat.restype = ctypes.c_void_p
        place = libc.shmat(C["segment"], None, 0o10000)
        assert place != ctypes.c_void_p(-1).value
        say(ctypes.string_at(place))
        """,
        secret_came_out,
    ),
    Attack(
        "sysv_shm_remove",
        "Remove the user's shared memory.",
        "checked(libc.shmctl(C['segment'], 0, None))",
        lambda after: not after.scene.segment.exists(),
    ),
    Attack(
        "sysv_msg_sem",
        "Leave a System V queue and semaphores, and remove them again.",
        """
        queue, semaphore = libc.msgget(0, 0o1600), libc.semget(0, 1, 0o1600)
        if queue >= 0:
            libc.msgctl(queue, 0, None)
            tell()
        if semaphore >= 0:
            libc.semctl(semaphore, 0, 0)
            tell()
        """,
        told,
    ),
    Attack(
        "posix_mq",
        "Leave a message queue.",
        "small = (ctypes.c_long * 8)(0, 1, 64, 0); "
        "checked(libc.mq_open(('/octopus-' + C['tag']).encode(), os.O_CREAT | os.O_RDWR, 0o600, small))",
        lambda after: remove_queue(f"/octopus-{after.scene.secret[:8]}"),
        control=False,
        without="the limit on queues is none at every level",
    ),
    Attack(
        "posix_mq_read",
        "Take a message out of the user's queue.",
        """
        names = [C["queue"]]
        fd = checked(libc.mq_open(names[0].encode(), os.O_RDONLY | os.O_NONBLOCK))
        held = ctypes.create_string_buffer(65536)
        checked(libc.mq_receive(fd, held, 65536, None))
        say("message " + held.value.decode())
        """,
        lambda after: f"message {after.scene.secret}" in after.text,
    ),
    Attack(
        "posix_mq_remove",
        "Remove the user's queue.",
        "checked(libc.mq_unlink(C['queue'].encode()))",
        lambda after: not after.scene.queue.exists(),
    ),
    Attack(
        "keyring",
        "Leave a key in the user's keyring, which outlives every process.",
        """
        name = ("octopus-" + C["tag"]).encode()
        syscall(number(248, 217), b"user", name, b"x", 1, -4)
        """,
        lambda after: remove_key(f"octopus-{after.scene.secret[:8]}"),
        control=HAS_KEYS,
        without="this machine gives no keyrings",
    ),
    Attack(
        "keyring_read",
        "List the keys of the user and of the session.",
        """
        held = ctypes.create_string_buffer(4096)
        for ring in (-3, -4, -5):
            with suppress(OSError):
                tell(syscall(number(250, 219), 11, ring, held, 4096))
        """,
        told,
        control=HAS_KEYS,
        without="this machine gives no keyrings",
    ),
    Attack(
        "list_keys",
        "Read the names of the user's keys.",
        "say(open('/proc/keys').read())",
        secret_came_out,
        control=HAS_KEYS,
        without="this machine gives no keyrings",
    ),
    Attack(
        "send_a_message",
        "Send with what can carry descriptors and addresses along (sendmsg), over a pair that one may have.",
        """
        ours, theirs = socket.socketpair()
        tell(ours.sendmsg([b"x"]))
        """,
        told,
    ),
]
