"""Checkpoints of the transit provinces, their counterparts across the border, and the nodes on the way to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from schemas.reference.tables import rows
from schemas.vocabulary import PROVINCE_CODES, Province


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A place where travellers are seen; `docs` are the documents it stamps or checks."""

    id: str
    name: str
    aliases: tuple[str, ...]
    kind: str
    mode: str
    scope: str
    province_code: str
    regency_code: str
    district_code: str
    """Kecamatan; empty where unknown."""
    lat: float
    lon: float
    tz: str
    docs: frozenset[str]
    status: str
    counterparts: tuple[str, ...]
    ports: frozenset[str]
    """Its UN/LOCODE and its IATA code, where it has them; terminals of one port share a LOCODE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPlace:
    """A port, post or airport across the border; `country` is ISO 3166 alpha-2."""

    id: str
    name: str
    country: str
    mode: str
    lat: float
    lon: float
    ports: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteNode:
    """A port or airport on the way from NTT to a checkpoint; `role` is origin or relay."""

    id: str
    name: str
    role: str
    province_code: str
    regency_code: str
    mode: str
    lat: float
    lon: float
    tz: str
    ports: frozenset[str]


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark) if part.strip())


def _ports(row: Mapping[str, str]) -> frozenset[str]:
    return frozenset(filter(None, (row["unlocode"], row["iata"])))


@cache
def checkpoints() -> Mapping[str, Checkpoint]:
    """Every checkpoint by its id."""
    return MappingProxyType(
        {
            r["checkpoint_id"]: Checkpoint(
                id=r["checkpoint_id"],
                name=r["name"],
                aliases=_split(r["aliases"], ";"),
                kind=r["kind"],
                mode=r["mode"],
                scope=r["scope"],
                province_code=r["province_code"],
                regency_code=r["regency_code"],
                district_code=r["district_code"],
                lat=float(r["lat"]),
                lon=float(r["lon"]),
                tz=r["tz"],
                docs=frozenset(_split(r["docs"], "|")),
                status=r["status"],
                counterparts=_split(r["counterparts"], "|"),
                ports=_ports(r),
            )
            for r in rows("checkpoints.csv")
        }
    )


@cache
def foreign_places() -> Mapping[str, ForeignPlace]:
    """Every place across the border by its id."""
    return MappingProxyType(
        {
            r["foreign_id"]: ForeignPlace(
                id=r["foreign_id"],
                name=r["name"],
                country=r["country"],
                mode=r["mode"],
                lat=float(r["lat"]),
                lon=float(r["lon"]),
                ports=_ports(r),
            )
            for r in rows("foreign-counterparts.csv")
        }
    )


@cache
def route_nodes() -> Mapping[str, RouteNode]:
    """Every node on the way by its id."""
    return MappingProxyType(
        {
            r["node_id"]: RouteNode(
                id=r["node_id"],
                name=r["name"],
                role=r["role"],
                province_code=r["province_code"],
                regency_code=r["regency_code"],
                mode=r["mode"],
                lat=float(r["lat"]),
                lon=float(r["lon"]),
                tz=r["tz"],
                ports=_ports(r),
            )
            for r in rows("route-nodes.csv")
        }
    )


@lru_cache(maxsize=1024)
def province_of(checkpoint_id: str) -> Province | None:
    """The transit province of a checkpoint; None = unknown checkpoint."""
    checkpoint = checkpoints().get(checkpoint_id)
    return PROVINCE_CODES.get(checkpoint.province_code) if checkpoint else None


def place_city(code: str) -> str | None:
    """Kabupaten or kota of a checkpoint or of a node on the way; None = across the border, or an unknown code."""
    place = checkpoints().get(code) or route_nodes().get(code)
    return place.regency_code if place else None


def same_city(a: str, b: str) -> bool:
    """Whether two checkpoints stand in one kabupaten or kota, such as all terminals of Batam."""
    here = place_city(a)
    return here is not None and here == place_city(b)


def place_country(code: str) -> str | None:
    """Alpha-2 country of a place code; None = free text or an unknown code."""
    code = code.strip().upper()
    if code in foreign_places():
        return foreign_places()[code].country
    return "ID" if code in checkpoints() or code in route_nodes() else None


@lru_cache(maxsize=4096)
def places_at(code: str) -> tuple[str, ...]:
    """The ids of the places that bear a code: their own id, a UN/LOCODE or an IATA code."""
    every: tuple[Mapping[str, Checkpoint | ForeignPlace | RouteNode], ...]
    every = (checkpoints(), foreign_places(), route_nodes())
    return tuple(one for places in every for one, place in places.items() if code == one or code in place.ports)
