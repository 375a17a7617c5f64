"""Progress of long work, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def counting_up(title: str) -> Iterator[Callable[[int], None] | None]:
    """A counter of what is done; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done: progress.update(task, completed=done)


@contextmanager
def counting_down(title: str) -> Iterator[Callable[[int], None]]:
    """A bar that fills while what is left shrinks from the most that was ever left."""
    if not sys.stderr.isatty():
        yield lambda left: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]:,} left"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None, left=0)
        most = 0

        def told(left: int) -> None:
            nonlocal most
            most = max(most, left)
            progress.update(task, total=most or None, completed=most - left, left=left)

        yield told
