"""The Faust app: actors, supervision and life cycle; it opens no Kafka connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import faust
from faust.app.base import BootStrategy
from mode.supervisors import CrashingSupervisor

from streams.agents import judge
from streams.intake import Intake
from streams.policy import Policy
from streams.settings import GROUP, Settings

ACTORS = 16
"""More than the lanes that a worker can keep busy; an idle one costs nothing."""


class NoKafka(BootStrategy):  # type: ignore[misc]  # faust is untyped here
    """Starts no consumer, conductor, leader assignor or table: the lanes do the Kafka work."""

    enable_kafka = False


class MatcherApp(faust.App):  # type: ignore[misc]
    """A Faust app with one agent and one service."""

    BootStrategy = NoKafka
    mundane_level = "debug"

    def _create_directories(self) -> None:
        """Faust's directory for tables: there are none."""


def build_app(settings: Settings, policy: Policy, clock: Callable[[], datetime]) -> MatcherApp:
    """The matcher, ready to be started by a Faust worker."""
    app = MatcherApp(
        GROUP,
        broker="kafka://" + ";kafka://".join(settings.kafka),
        store="memory://",
        web_enabled=False,
        worker_redirect_stdouts=False,
        autodiscover=False,
    )
    channel = app.channel(maxsize=64)
    # the default supervisor restarts a failed agent and goes on as if nothing were lost
    app.agent(channel, name="judge", concurrency=ACTORS, supervisor_strategy=CrashingSupervisor)(judge)

    class MatcherIntake(Intake):
        """Faust makes its services from a class: this one knows what it was built with."""

        def __init__(self, **mode_options: object) -> None:
            super().__init__(
                settings=settings, policy=policy, clock=clock, channel=channel, flow=app.flow_control, **mode_options
            )

    app.service(MatcherIntake)
    return app
