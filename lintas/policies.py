"""The policy that an installation goes by, as the roof reads it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lintas.failing import Failure
from lintas.settings import Settings

if TYPE_CHECKING:
    from clickhouse_driver import Client

    from sinks.absences import Terms
    from sinks.silences import Terms as SilenceTerms
    from streams.policy import Policy
    from streams.yaml_lines import Marked


def policy_of(settings: Settings) -> Policy:
    """The policy of LINTAS_POLICY, else the one that comes with Lintas.

    Raises:
        Failure: the file cannot be read, or its content cannot be used.
    """
    from streams.policy import shipped_policy

    return shipped_policy() if settings.policy_file is None else read_file(settings.policy_file)[1]


def read_file(file: Path) -> tuple[Marked, Policy]:
    """The policy in a file, and on which line each of its keys stands.

    Raises:
        Failure: the file cannot be read, or its content cannot be used; each fault with file, line and key.
    """
    from streams.policy import PolicyError, read_policy
    from streams.yaml_lines import YamlError, read_marked

    try:
        marked = read_marked(file.read_text(encoding="utf-8"), str(file))
        return marked, read_policy(marked)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        msg = f"the policy {file} cannot be read ({why}): name another file, or unset LINTAS_POLICY"
        raise Failure(msg) from None
    except (YamlError, PolicyError) as error:
        raise Failure(str(error)) from None


def policies_of(settings: Settings, client: Client) -> dict[str, Policy]:
    """By their digests: the installation's own policy, the shipped one, and every version that was activated."""
    from sinks.queries import policy_texts
    from streams.policy import PolicyError, load_policy, shipped_policy

    found = {policy.digest: policy for policy in (shipped_policy(), policy_of(settings))}
    for digest, text in policy_texts(client):
        with suppress(PolicyError):  # of an older or newer program: its verdicts are told without it
            found[digest] = load_policy(text)
    return found


def policy_now(settings: Settings, client: Client, now: datetime) -> Policy:
    """The policy that judges a crossing of this moment.

    Raises:
        Failure: this program cannot read it.
    """
    from streams.policy import PolicyError, load_policy

    try:
        return load_policy(text_now(settings, client, now), "the version in force")
    except PolicyError as error:
        msg = f"this program cannot read the policy that is in force (is it older than the matchers?):\n{error}"
        raise Failure(msg) from None


def text_now(settings: Settings, client: Client, now: datetime) -> str:
    """Its file as it was reviewed."""
    from sinks.queries import policy_texts
    from streams.policy import shipped_text

    begun = [text for _, text in policy_texts(client, until=now)]
    if begun:
        return begun[-1]
    policy_of(settings)  # says what is wrong with it
    return shipped_text() if settings.policy_file is None else settings.policy_file.read_text(encoding="utf-8")


def silence_terms_of(policy: Policy) -> SilenceTerms:
    """What the policy says of checkpoints and ships that are silent."""
    from sinks.silences import Call
    from sinks.silences import Terms as SilenceTerms

    calls = policy.calendar.ship_calls
    return SilenceTerms(
        least_hours=policy.silences.least_hours,
        least_expected=policy.silences.least_expected,
        known_days=policy.silences.known_days,
        sailing_hours=policy.silences.sailing_hours,
        calls=[Call(ship=c.ship, checkpoint_id=c.checkpoint_id, weekdays=c.weekdays) for c in calls],
    )


def terms_of(policy: Policy) -> Terms:
    """What the policy says of those who were not seen again."""
    from sinks.absences import ABSENCES, Terms

    return Terms(
        policy=policy.digest,
        origin_provinces=policy.scope.origin_provinces,
        visit_days=policy.absences.visit_days,
        visit_purposes=[purpose.value for purpose in policy.absences.visit_purposes],
        settle_days=policy.absences.settle_days,
        arrival_posts=policy.absences.arrival_posts,
        weights={rule: policy.weight(rule) for rule in ABSENCES},
    )
