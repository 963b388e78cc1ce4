#!/usr/bin/env python3
"""Compares the system calls of a service, as strace wrote them, with those that its unit permits.

`.ci/unit_calls.py UNIT CALLS`. Fails for a call that SystemCallFilter= or RestrictAddressFamilies= would refuse, and for memory
that can be written and executed. """

import re
import subprocess
import sys

# SQLite calls it as root only, and the service is not root.
BY_ROOT = {"fchown"}


def members(names):
    """The calls of a list of names, of which some are groups such as `@system-service`."""
    calls = {name for name in names if not name.startswith("@")}
    for group in {name for name in names if name.startswith("@")}:
        lines = subprocess.check_output(["systemd-analyze", "--no-pager", "syscall-filter", group], text=True).splitlines()
        calls |= members([line.strip() for line in lines[1:] if line.strip() and not line.strip().startswith("#")])
    return calls


def main():
    unit, calls = (open(path).read() for path in sys.argv[1:])
    settings = re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE)
    permitted = set()
    for value in (value for name, value in settings if name == "SystemCallFilter"):
        names = members(value.removeprefix("~").split())
        permitted = permitted - names if value.startswith("~") else permitted | names
    families = set(dict(settings)["RestrictAddressFamilies"].split())

    made = set(re.findall(r"^\d+ +(\w+)\(", calls, re.MULTILINE))
    opened = set(re.findall(r"\bsocket(?:pair)?\((AF_\w+)", calls))
    assert {"accept4", "fsync"} <= made and "AF_INET" in opened, f"this is no service at work: {made}"
    problems = sorted(made - permitted - BY_ROOT) + sorted(opened - families)
    problems += re.findall(r"^.*PROT_WRITE\|PROT_EXEC.*$", calls, re.MULTILINE)
    if problems:
        sys.exit("the unit refuses what the service does:\n" + "\n".join(problems))
    print(f"{len(made)} system calls, all of them permitted")


main()
