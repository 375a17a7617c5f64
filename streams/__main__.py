"""`python -m streams`: run one matcher until SIGTERM; settings come from the environment (`LINTAS_*`)."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from datetime import UTC, datetime
from typing import Any

import faust
from aiokafka.errors import KafkaError

from streams.app import build_app
from streams.logs import places_of, set_up_logging
from streams.policy import Policy, PolicyError, load_policy, shipped_policy
from streams.policycheck import unusable
from streams.settings import Settings, SettingsError
from streams.topology import MatcherError
from streams.watchdog import Watchdog

STOPPED, FAILED, MISUSED = 0, 1, 2


def main() -> int:
    """Run the matcher; 0 after SIGTERM or SIGINT, 1 on failure, 2 for settings that cannot be used."""
    set_up_logging(sys.stderr)
    # facts hold no cycles, and looking for some among a million of them took a quarter of the matcher's time
    gc.set_threshold(50_000, 20, 50)
    try:
        settings = Settings.from_env(os.environ)
        policy = read_policy(settings)
        settings = settings.for_policy(policy.digest)
    except (SettingsError, PolicyError) as error:
        return fail(str(error), MISUSED)
    failure = asyncio.run(serve(settings, policy))
    if failure is None:
        return STOPPED
    return fail(told(failure), FAILED)


class MatcherWorker(faust.Worker):  # type: ignore[misc]
    """A Faust worker that leaves the end of the process to `serve`: its own waits two seconds more."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.told_to_stop = asyncio.Event()
        self.spinner = None  # it writes to stdout even without a terminal

    def _schedule_shutdown(self, signal: object) -> None:
        self.told_to_stop.set()


async def serve(settings: Settings, policy: Policy) -> BaseException | None:
    """Run the Faust worker until it is told to stop; gives back why it failed."""
    watchdog = Watchdog(stall_seconds=float("inf"))
    watchdog.start()
    app = build_app(settings, policy, lambda: datetime.now(UTC))
    worker = MatcherWorker(
        app, loop=asyncio.get_running_loop(), quiet=True, override_logging=False, redirect_stdouts=False
    )
    running = asyncio.create_task(worker.start())
    told = asyncio.create_task(worker.told_to_stop.wait())
    await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
    watchdog.end_within(settings.stop_seconds)
    failure = running.exception() if running.done() else None
    failure = failure or worker.crash_reason
    await worker.stop()
    running.cancel()
    await asyncio.wait({running})
    return failure


def read_policy(settings: Settings) -> Policy:
    """The policy that the settings name.

    Raises:
        SettingsError: the file cannot be read.
        PolicyError: its content cannot be used.
    """
    file = settings.shadow_policy_file or settings.policy_file
    if file is None:
        return shipped_policy()
    name = "LINTAS_SHADOW_POLICY" if settings.is_shadow else "LINTAS_POLICY"
    try:
        policy = load_policy(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{name}: {file} cannot be read ({type(error).__name__})"
        raise SettingsError(msg) from None
    if wrong := unusable(policy):
        msg = f"{file}: " + "; ".join(notice.text for notice in wrong)
        raise PolicyError(msg)
    return policy


def told(failure: BaseException) -> str:
    """Why the worker failed, in one line; of what is no fault of broker or system only the place is told."""
    if isinstance(failure, MatcherError):
        return str(failure)
    if isinstance(failure, KafkaError | OSError | TimeoutError):
        return f"{type(failure).__name__}: {failure}"
    # the text of a defect may quote what stands in a record
    return f"unexpected {type(failure).__name__}: please report it with {' < '.join(reversed(places_of(failure)))}"


def fail(message: str, code: int) -> int:
    """Say in one line why the process ends."""
    sys.stderr.write(f"lintas matcher: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
