"""What goes wrong."""

import re

#: What messages of the program say, and what it is called here. The rest of its options have their names as keywords.
_HERE = [
    (r"create one with `paperkin add FILE`, or query a file with `--papers FILE`", "leave out `create=False` to create one"),
    (r"`--force` replaces it", "`replace=True` replaces it"),
    (r"choose another directory with --library", "choose another `path`"),
    (r"give its directory or name with --model", "give its directory or name as `model`"),
    (r"give --encoding ([\w-]+)", r'give `encoding="\1"`'),
    (r": rebuild with `--features \w+`, or use `cpu`", ": use `cpu`"),
    (r"`--again`", "`again=True`"),
]
_OPTION = re.compile(r"(?<![\w-])`?--([a-z][a-z-]*)(?: ([A-Z]+))?`?")


def in_python(message: str) -> str:
    """A message of the program, with the names that its options have in Python."""
    if "--" not in message:
        return message
    for said, here in _HERE:
        message = re.sub(said, here, message)
    return _OPTION.sub(lambda option: f"`{option[1].replace('-', '_')}`", message)


class PaperkinError(Exception):
    """An error of paperkin, on one line. `code` says whose it is: `input` (what was given is wrong), `missing` (what was asked
    for is not there), `environment` (disk, network, device) or `bug`.
    """

    def __init__(self, message: str, code: str = "input") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return PaperkinError, (str(self), self.code)


# As it is imported, and shown in tracebacks.
PaperkinError.__module__ = "paperkin"


def error_of(message: str, code: str) -> PaperkinError:
    """An error of the engine."""
    return PaperkinError(in_python(message), code)
