"""Runs the commands of docs/guides and compares what they print: `guides.py PROGRAM PYTHON_FOLDER [PAGE]...`

Blocks of `sh` and `python` are run, but for those marked `no-run`, which need the network, a container or more time. A block
of `text` says what the block before it prints: `...` stands for anything. Numbers with a decimal point may differ in the
second digit, and bars are not compared: processors round in their own ways. Blocks of Python share their variables.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.resolve()
PROGRAM, PYTHON = (Path(argument).absolute() for argument in sys.argv[1:3])
BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.M | re.S)
# The ports of services in the guides, for which free ones are taken, and the database on the server of PostgreSQL.
PORTS = ["7474", "50051"]
DATABASE = "localhost/papers"
NUMBER = re.compile(r"([+-]?\d*\.\d+)")
TOLERANCE = 0.03
MARK = "@@ block"
TIMEOUT_SECONDS = 300


def blocks(text):
    """The blocks that are run, in order: kind, content, and what each prints, or None."""
    found = []
    for words, content in BLOCK.findall(text):
        kind, *marks = words.split()
        if kind == "text" and found:
            found[-1][2] = content
        elif kind in ("sh", "python"):
            found.append([kind, content, None, "no-run" not in marks])
    return [block[:3] for block in found if block[3]]


def script(page):
    """A page as a script of bash, which marks where the output of a block begins."""
    lines = ["set -euo pipefail", "exec 2>&1", "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"]
    before = None
    for number, (kind, content, _) in enumerate(page):
        if kind == "sh":
            lines += ["PAGE"] * (before == "python") + [f"echo; echo '{MARK} {number}'", content]
        else:
            lines += ["python - <<'PAGE'"] * (before != "python") + [f"print('\\n{MARK} {number}', flush=True)", content]
        before = kind
    return "\n".join(lines + ["PAGE"] * (before == "python")) + "\n"


def is_same(expected, printed):
    """Whether two lines are the same but for rounding."""
    if "..." in expected:
        pattern = ".*".join(re.escape(part) for part in expected.split("..."))
        return re.fullmatch(pattern, printed) is not None
    # Every second part is a number.
    sides = [NUMBER.split(line) for line in (expected, printed)]
    return len(sides[0]) == len(sides[1]) and sides[0][::2] == sides[1][::2] and all(
        abs(float(one) - float(other)) <= TOLERANCE for one, other in zip(sides[0][1::2], sides[1][1::2]))


def lines_of(text):
    """The lines that are not empty, without bars, and with one space between words."""
    lines = (" ".join(re.sub(r"[█▉▊▋▌▍▎▏]", " ", line).split()) for line in text.splitlines())
    return [line for line in lines if line]


def agrees(expected, printed):
    """Whether lines are as expected, where a line of dots stands for any number of lines."""
    if not expected:
        return not printed
    if expected[0] == "...":
        return any(agrees(expected[1:], printed[skipped:]) for skipped in range(len(printed) + 1))
    return bool(printed) and is_same(expected[0], printed[0]) and agrees(expected[1:], printed[1:])


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def run(path):
    """Runs a page. Returns what differs."""
    page = blocks(path.read_text())
    ports = {port: free_port() for port in PORTS}
    database = f"127.0.0.1:{os.environ['PGPORT']}/papers"
    with tempfile.TemporaryDirectory() as folder:
        home, work, programs = (Path(folder) / name for name in ("home", "work", "programs"))
        for made in (home, work, programs):
            made.mkdir()
        (programs / "paperkin").symlink_to(PROGRAM)
        for name in ("examples", "deploy"):
            (work / name).symlink_to(ROOT / name)
        python = os.environ["PAPERKIN_SAIL"] if path.stem == "data" else str(PYTHON)
        search = [str(programs), python, os.environ["PAPERKIN_POSTGRES_PROGRAMS"], os.environ["PATH"]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PAPERKIN")}
        environment |= {"HOME": str(home), "PATH": ":".join(search), "TZ": "UTC"}
        text = script(page).replace(DATABASE, database)
        for port, free in ports.items():
            text = text.replace(port, free)
        done = subprocess.run(["bash"], input=text, cwd=work, env=environment, stdout=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_SECONDS)
    printed = done.stdout
    places = [(work, "/home/me"), (home, "/home/me"), (PROGRAM, "/home/me/.cargo/bin/paperkin"), (database, DATABASE)]
    for there, shown in [*places, *((free, port) for port, free in ports.items())]:
        printed = printed.replace(str(there), shown)
    outputs = re.split(rf"^{MARK} \d+\n", printed, flags=re.M)[1:]
    name = path.relative_to(ROOT)
    if done.returncode != 0 or len(outputs) != len(page):
        return [f"{name}: exit code {done.returncode} after\n{page[len(outputs) - 1][1]}{outputs[-1]}"]
    differences = []
    for (_, content, expected), output in zip(page, outputs):
        if expected is None:
            continue
        if not agrees(lines_of(expected), lines_of(output)):
            differences.append(f"{name}: this prints something else:\n{content}--- the page\n{expected}--- printed\n{output}")
    print(f"{name}: {len(page)} blocks, {sum(block[2] is not None for block in page)} outputs")
    return differences


names = sys.argv[3:] or sorted(path.stem for path in (ROOT / "docs" / "guides").glob("*.md"))
problems = [problem for name in names for problem in run(ROOT / "docs" / "guides" / f"{name}.md")]
for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
sys.exit(bool(problems))
