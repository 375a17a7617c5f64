"""What the gateway does with a request's rows: read → pseudonymise → hand over → answer when all is safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import islice
from typing import BinaryIO, cast

from producers.columns import FileKind
from producers.gateway.answers import Answer, Outcome, Refusal, RowResult, status_of
from producers.gateway.api_keys import ApiKey
from producers.gateway.bodies import Form, Incoming, rows_of
from producers.gateway.courier import Away, Carrier, Lost
from producers.gateway.limits import Limits
from producers.gateway.metrics import Meters
from producers.gateway.remembering import Memory, Remembered
from producers.gateway.taking import Clock, Taken, Taker, lost
from producers.messages import Message
from producers.outbox import OutboxFailed
from schemas.identity import LinkageKey

ROWS_OF_A_PARCEL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that is let in."""

    kind: FileKind
    form: Form
    bearer: ApiKey
    dry_run: bool
    idempotency_key: str | None


@dataclass(slots=True, kw_only=True)
class _Parcel:
    """Rows that are on their way together."""

    results: list[RowResult] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    row_of_message: list[int] = field(default_factory=list)
    arrived: Future[Lost] | None = None

    def add(self, taken: Taken) -> None:
        self.row_of_message += [len(self.results)] * len(taken.messages)
        self.results.append(taken.result)
        self.messages += taken.messages

    def settled(self) -> Iterator[RowResult]:
        gone = self.arrived.result() if self.arrived else {}
        rows = {self.row_of_message[place] for place in gone}
        return (lost(one) if place in rows else one for place, one in enumerate(self.results))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """Does requests; called from many threads."""

    key: LinkageKey
    also: tuple[LinkageKey, ...]
    """The key that is being changed, until it is no longer used."""
    clock: Clock
    carrier: Carrier
    memory: Memory
    limits: Limits
    meters: Meters

    def handle(self, asked: Asked, body: Incoming) -> Remembered:
        """Do one request, or give the answer that it had before.

        Raises:
            Refusal: the request as a whole was not done; what of it has arrived counts once when it is repeated.
        """
        if asked.idempotency_key is None or asked.dry_run:
            return self._do(asked, cast(BinaryIO, body))
        data = body.read()
        where = f"/v1/{asked.kind.name}"
        with self.memory.turn(asked.bearer.id, where, asked.idempotency_key, data) as turn:
            if turn.before is not None:
                return turn.before
            turn.now = self._do(asked, BytesIO(data))
            return turn.now

    def _do(self, asked: Asked, body: BinaryIO) -> Remembered:
        unknown: set[str] = set()
        rows = rows_of(body, asked.form, asked.kind, self.limits, unknown)
        taker = Taker(
            kind=asked.kind,
            bearer=asked.bearer,
            key=self.key,
            also=self.also,
            clock=self.clock,
            outcome=self._outcome(asked),
        )
        parcels: list[_Parcel] = []
        while some := list(islice(rows, ROWS_OF_A_PARCEL)):
            parcel = _Parcel()
            for found in some:
                parcel.add(taker.take(found))
            if not asked.dry_run:
                parcel.arrived = self._hand_over(parcel.messages)
                self._hold_back(parcels)
            parcel = replace(parcel, messages=[])
            parcels.append(parcel)
        return self._answer(asked, parcels, len(unknown))

    def _outcome(self, asked: Asked) -> Outcome:
        if asked.dry_run:
            return Outcome.CHECKED
        return Outcome.STORED if self.carrier.durable else Outcome.ACCEPTED

    def _hand_over(self, messages: Sequence[Message]) -> Future[Lost]:
        try:
            return self.carrier.send(messages)
        except OutboxFailed:
            raise Refusal(
                503,
                "outbox_unusable",
                "the gateway cannot store the rows on its disk",
                "tell its operator, and repeat the same request later",
                retry_after_seconds=60,
            ) from None

    def _hold_back(self, parcels: Sequence[_Parcel]) -> None:
        """Read no further than Kafka follows, and no further once it is away."""
        if len(parcels) >= 2 and (before := parcels[-2].arrived) is not None:
            _await(before)

    def _answer(self, asked: Asked, parcels: Sequence[_Parcel], unknown: int) -> Remembered:
        for parcel in parcels:
            if parcel.arrived is not None:
                _await(parcel.arrived)
        results = tuple(one for parcel in parcels for one in parcel.settled())
        rejected = [one for one in results if one.status is Outcome.REJECTED]
        self.meters.rows.labels(asked.kind.name, self._outcome(asked).value).inc(len(results) - len(rejected))
        self.meters.rows.labels(asked.kind.name, Outcome.REJECTED.value).inc(len(rejected))
        for one in rejected:
            self.meters.reasons.labels(one.code).inc()
        answer = Answer(
            kind=asked.kind.name,
            dry_run=asked.dry_run,
            taken=len(results) - len(rejected),
            rejected=len(rejected),
            unknown_keys=unknown,
            results=results,
        )
        return Remembered(status=status_of(answer), body=answer.model_dump_json(exclude_none=True).encode())


def _await(arrived: Future[Lost]) -> None:
    try:
        arrived.result()
    except Away as away:
        raise Refusal(
            503,
            "kafka_away",
            "Kafka has not acknowledged all of it",
            "repeat the same request later: a row that arrives twice counts once",
            retry_after_seconds=away.retry_after_seconds,
        ) from None
