"""The journey simulator: seeded travellers, registrations and planted cases in the files that partners hand in."""

from producers.journeys.simulation import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
