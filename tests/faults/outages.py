"""What may happen to a link: each begins on a proxy, lasts a while, and is lifted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.proxy import Fault, FaultProxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One way for a link to be bad."""

    name: str
    begin: Callable[[FaultProxy], None]
    is_total: bool = True
    """Nothing gets through: then the process must say what it waits for."""

    def last(self, proxy: FaultProxy, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        """Begin it, look now and then, lift it."""
        self.begin(proxy)
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                check()
                time.sleep(0.2)
        finally:
            proxy.heal()


def _cut(proxy: FaultProxy) -> None:
    proxy.both(Fault(reset_after_bytes=0))
    proxy.cut()


def _refuse(proxy: FaultProxy) -> None:
    proxy.refuse()
    proxy.cut()


OUTAGES = {
    outage.name: outage
    for outage in (
        Outage(name="cut", begin=_cut),
        Outage(name="refused", begin=_refuse),
        Outage(name="silent", begin=lambda proxy: proxy.both(Fault(silent=True))),
        Outage(name="silent answers", begin=lambda proxy: proxy.set(down=Fault(silent=True))),
        Outage(name="abandoned", begin=FaultProxy.abandon, is_total=False),
        Outage(name="reset", begin=lambda proxy: proxy.both(Fault(reset_after_bytes=700)), is_total=False),
        Outage(
            name="late",
            begin=lambda proxy: proxy.both(Fault(delay_seconds=0.3, jitter_seconds=0.3)),
            is_total=False,
        ),
        Outage(name="single bytes", begin=lambda proxy: proxy.both(Fault(piece_bytes=1)), is_total=False),
        Outage(
            name="narrow",
            begin=lambda proxy: proxy.both(Fault(bytes_per_second=20_000, piece_bytes=2_000)),
            is_total=False,
        ),
    )
}
