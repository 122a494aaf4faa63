"""Sockets: what changes on a desk, told as it changes, without a queue for anybody.

A snapshot holds the last tick of every row and the `seq` with which it last changed. What a
client lacks is therefore a question (``changed > last``) and not a list: a slow client costs
nothing, and takes up again where it stopped.
"""
