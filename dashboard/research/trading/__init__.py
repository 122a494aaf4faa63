"""Tezi's API for notebooks and scripts, sync and async, with a server or without one."""
