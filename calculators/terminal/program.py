"""How a program ends: with its exit status, and never with a traceback for a signal or a pipe."""

import os
import sys
from collections.abc import Callable


def entry(command: Callable[[list[str]], int]) -> int:
    """Run a command with this program's arguments; return its exit status. Never a traceback for a signal or a pipe."""
    status = 0  # the reader of our output may have gone (head, say), which is no fault of anybody's
    try:
        status = command(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(error, file=sys.stderr)
            status = 1
        # Python would complain at exit of what it still holds for a pipe that is closed or a disk that is full.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
