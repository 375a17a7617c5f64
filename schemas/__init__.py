"""The treaty between the rooms: records, topics, codec, identity and reference data."""
