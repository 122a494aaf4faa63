"""What keeps a live day going: Kite's session, the scheduler, health, notices."""
