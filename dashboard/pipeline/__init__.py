"""From frames to readings: hygiene, bars, chain, signals, hub and desk."""
