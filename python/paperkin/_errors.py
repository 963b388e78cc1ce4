"""What goes wrong."""


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
