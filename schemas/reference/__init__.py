"""Reference data that travels with the treaty: checkpoints, places across the border and Kemendagri region codes."""

from schemas.reference.places import (
    Checkpoint,
    ForeignPlace,
    RouteNode,
    checkpoints,
    foreign_places,
    place_city,
    place_country,
    places_at,
    province_of,
    route_nodes,
    same_city,
)
from schemas.reference.regions import Region, districts, far, is_kecamatan, office_region, regions

__all__ = [
    "Checkpoint",
    "ForeignPlace",
    "Region",
    "RouteNode",
    "checkpoints",
    "districts",
    "far",
    "foreign_places",
    "is_kecamatan",
    "office_region",
    "place_city",
    "place_country",
    "places_at",
    "province_of",
    "regions",
    "route_nodes",
    "same_city",
]
