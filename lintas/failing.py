"""What ends a command with one line and an exit code.

Failure             it did not work; exit code 1, or the command's own
└── Misuse          it was called wrongly; exit code 2
"""


class Failure(Exception):
    """A command cannot do what it was asked; the text says what, where and how to mend it."""

    exit_code = 1


class Misuse(Failure):
    """A command was called in a way that it cannot be called."""

    exit_code = 2
