"""The analysts' web console: reads through `sinks`, writes reviews through what the roof hands in."""
