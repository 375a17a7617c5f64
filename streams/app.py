"""The Faust app: actors, supervision and life cycle; it opens no Kafka connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import faust
from faust.app.base import BootStrategy
from mode.supervisors import CrashingSupervisor

from streams.agents import judge
from streams.intake import Intake
from streams.policy import Policy
from streams.settings import GROUP, Settings
from streams.stages import Stage, stages_of

ACTORS = 16
"""More than the lanes that a worker can keep busy; an idle one costs nothing."""


class NoKafka(BootStrategy):  # type: ignore[misc]  # faust is untyped here
    """Starts no consumer, conductor, leader assignor or table: the lanes do the Kafka work."""

    enable_kafka = False


class MatcherApp(faust.App):  # type: ignore[misc]
    """A Faust app with an agent and a service for each stage."""

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
    peers: list[Intake] = []
    for stage in stages_of(settings):
        app.service(_intake(app, stage, peers, settings=settings, policy=policy, clock=clock))
    return app


def _intake(app: MatcherApp, stage: Stage, peers: list[Intake], **built: Any) -> type[Intake]:
    """One stage: an agent with its channel, and the service that feeds it."""
    channel = app.channel(maxsize=64)
    # the default supervisor restarts a failed agent and goes on as if nothing were lost
    name = f"judge-{stage.name}"
    app.agent(channel, name=name, concurrency=ACTORS, supervisor_strategy=CrashingSupervisor)(judge)

    class StageIntake(Intake):
        """Faust makes its services from a class: this one knows what it was built with."""

        def __init__(self, **mode_options: Any) -> None:
            super().__init__(stage=stage, peers=peers, channel=channel, flow=app.flow_control, **built, **mode_options)

    return StageIntake
