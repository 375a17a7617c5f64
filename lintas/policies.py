"""The policy that an installation goes by, as the roof reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lintas.failing import Failure
from lintas.settings import Settings

if TYPE_CHECKING:
    from sinks.absences import Terms
    from streams.policy import Policy


def policy_of(settings: Settings) -> Policy:
    """The policy of LINTAS_POLICY, else the one that comes with Lintas.

    Raises:
        Failure: the file cannot be read, or its content cannot be used.
    """
    from streams.policy import PolicyError, load_policy, shipped_policy

    file = settings.policy_file
    if file is None:
        return shipped_policy()
    try:
        return load_policy(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        msg = f"the policy {file} cannot be read ({why}): set LINTAS_POLICY to a policy file, or unset it"
        raise Failure(msg) from None
    except PolicyError as error:
        msg = f"{file}: {error}"
        raise Failure(msg) from None


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
