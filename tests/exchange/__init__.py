"""An exchange to test against: Kite's REST and WebSocket protocols, real and misbehaving.

`server.Exchange` runs in a thread of its own on loopback: sign-in with its redirect, token
exchange with a checksum, the instruments dump, historical candles, binary ticks, heartbeats,
postbacks. What it does wrong on demand is in `faults`. ``python -m tests.exchange`` runs it as
a process that sends load.
"""
