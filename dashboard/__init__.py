"""Tezi: a research desk and time machine for NIFTY, BANKNIFTY and SENSEX."""
