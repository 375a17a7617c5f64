"""Run as a script: become another program that ends when its parent does, or that has none.

`launch.py --child PARENT ARGV...` asks the system (Linux) to send SIGTERM when the parent ends, then becomes ARGV.
`launch.py --detached ARGV...` leaves the terminal and the parent, prints the new process's number, then becomes ARGV.

It runs before the program does, in its process, so it needs neither a fork hook in a threaded parent nor more than the
standard library.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_RUN, ORPHANED = 127, 125


def end_with_parent(parent: int) -> None:
    """Have the system end this process when its parent ends; a parent that is gone already ends it now."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(ORPHANED)


def detach() -> None:
    """Go on in a process of a new session whose parent is not the caller; the caller reads its number."""
    os.setsid()
    child = os.fork()
    if child:
        os.write(1, f"{child}\n".encode())
        os._exit(0)
    os.dup2(2, 1)  # both to the log from here on; it also closes the pipe the caller reads


def become(argv: list[str]) -> None:
    """Replace this process by the program; only a failure comes back."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a program would inherit that
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"cannot run {argv[0]}: {error.strerror}\n".encode())
        os._exit(CANNOT_RUN)


def main(arguments: list[str]) -> None:
    """Do what the module says."""
    if arguments[0] == "--child":
        end_with_parent(int(arguments[1]))
        become(arguments[2:])
    else:
        detach()
        become(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
