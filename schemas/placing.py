"""Moments and places in the words that a reader at a checkpoint knows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from schemas.reference import checkpoints, foreign_places, route_nodes
from schemas.reference.regions import regions


def local_time(moment: str | None, checkpoint_id: str) -> str:
    """An ISO 8601 moment on the clock of the checkpoint."""
    if not moment:
        return ""
    place = checkpoints().get(checkpoint_id)
    zone = ZoneInfo(place.tz if place else "UTC")
    return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M} {_ZONES.get(zone.key, zone.key)}"


_ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def utc_time(moment: str, *, seconds: bool = False) -> str:
    """An ISO 8601 moment in UTC."""
    shape = "%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC"
    return datetime.fromisoformat(moment).astimezone(UTC).strftime(shape)


def region_name(code: str | None) -> str:
    """A Kemendagri code in words, from the kecamatan up."""
    if not code:
        return ""
    names = [regions()[part].name for part in (code[:6], code[:4], code[:2]) if len(part) > 1 and part in regions()]
    return f"{', '.join(dict.fromkeys(names))} ({code})" if names else code


def place_name(checkpoint_id: str) -> str:
    """A checkpoint in words."""
    place = checkpoints().get(checkpoint_id)
    return f"{place.name} ({checkpoint_id})" if place else checkpoint_id


def stop_name(place: str) -> str:
    """A place on the way in words, where its code is known."""
    known = foreign_places().get(place) or route_nodes().get(place) or checkpoints().get(place)
    return f"{known.name} ({place})" if known else place
