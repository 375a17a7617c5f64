"""The catalogue for people: every rule with its weights and where its pattern was seen, from the code itself."""

from __future__ import annotations

import inspect

from streams.case import CATALOGUE, Rule
from streams.clusters import rules as rules  # importing the rules fills the catalogue
from streams.clusters.catalogue import GROUP_CATALOGUE, GroupRule
from streams.policy import Policy

HEAD = """# The rules

Made from `streams/rules/` and the shipped policy by `make generate`; a test holds it equal to them.

A finding is evidence, never a verdict on a person. The score of a crossing combines the weights of its findings as
independent evidence: **100 x (1 - product of (1 - weight/100))**, rounded down. At {threshold} a crossing is FLAGGED:
referred to an analyst. Absence of a registration (R01) weighs too little to reach that alone, since most travellers
without one are on a family visit, in treatment or at a market.

| rule | weight | what is found |
|---|---|---|
"""

MISSING = """

## What never came

Nobody's absence is a fact that arrives, so these are no findings of a verdict and no part of a score: they are asked
of the store, and now is part of the question (`lintas flags --rule R14`; `lintas explain` shows them by themselves).
A checkpoint that was not heard since says nothing of who is missing.

| rule | weight | what is found |
|---|---|---|
| R14@1 | {returned} | A visitor left and was not seen to return within {policy.absences.visit_days} days. |
| R18@1 | {again} | Somebody arrived by ship and was not seen again within {policy.absences.settle_days} days. |

Who came home through Java is not seen here, and many who arrive settle near the port: weak signs both, to be read
beside others. Sources: 62 of 236 deportees at Nunukan had overstayed and 123 had entered illegally
(benuanta.co.id, 13 September 2024); 41 were caught in October and November 2024 (voi.id)."""


GROUPS_HEAD = """

# The rules for groups

A cluster holds what one key ties together in 28 days: a payer, a booking, a party, the kecamatan of first registration,
or a document (of all time). Its score combines its own findings in the same way; at {threshold} it is FLAGGED.
Registered travellers do not count. What an innocent reason explains stands in `suppressed` as `rule:reason` and does
not weigh: one family card (`household`), a declared purpose of four of five (`purpose:religious` and others of the
policy's `innocent_purposes`), a listed travel agent (`agent:listed`), one NIK under both dates (`same_nik`).
Of a large group the {groups.judged_members} crossings most in doubt and the {groups.judged_elders} of the oldest people
are looked at one by one; `left_out` counts the others. Of those that findings name `members` lists the first
{groups.listed_members}.

| rule | weight | kinds | what is found |
|---|---|---|---|
"""


def rules_document(policy: Policy) -> str:
    """The text of docs/rules.md."""
    rows = [f"| {r.id}@{r.version} | {_weights(r, policy)} | {r.summary} |" for r in sorted(CATALOGUE, key=_order)]
    sources = [f"- **{r.id}** ({r.weight_keys[0]}): {_source(r)}" for r in sorted(CATALOGUE, key=_order)]
    return (
        HEAD.format(threshold=policy.review_threshold)
        + "\n".join(rows)
        + MISSING.format(policy=policy, returned=policy.weight("R14"), again=policy.weight("R18"))
        + "\n\n## Sources\n\n"
        + "\n".join(sources)
        + GROUPS_HEAD.format(threshold=policy.review_threshold, groups=policy.groups)
        + "\n".join(_group_row(rule, policy) for rule in GROUP_CATALOGUE)
        + "\n\n## Sources of the rules for groups\n\n"
        + "\n".join(f"- **{r.id}** ({r.weight_key}): {_source(r)}" for r in GROUP_CATALOGUE)
        + "\n"
    )


def _group_row(rule: GroupRule, policy: Policy) -> str:
    keys = sorted(k for k in policy.weights if k == rule.weight_key or k.startswith(f"{rule.weight_key}."))
    weights = ", ".join(f"{key.partition('.')[2]} {policy.weight(key)}".strip() for key in keys)
    return f"| {rule.id}@{rule.version} | {weights} | {', '.join(sorted(rule.kinds))} | {rule.summary} |"


def _order(rule: Rule) -> tuple[str, str]:
    return rule.id, rule.weight_keys[0]


def _weights(rule: Rule, policy: Policy) -> str:
    return ", ".join(f"{key.partition('.')[2]} {policy.weight(key)}".strip() for key in rule.weight_keys)


def _source(rule: Rule | GroupRule) -> str:
    text = inspect.cleandoc(rule.judge.__doc__ or "")
    return " ".join(text.partition("Source:")[2].split())
