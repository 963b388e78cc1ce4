"""The program `paperkin`."""

import signal
import sys

from paperkin._native import run_command


def main() -> None:
    """Runs the program with the arguments of the process, and ends it with its exit code."""
    # Python only notes an interruption, which would be seen when the program has ended. One that is ignored stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run_command(sys.argv))
