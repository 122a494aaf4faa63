"""Which connection carries which instrument: pure arithmetic over sets of tokens."""

from collections.abc import Collection, Mapping, Sequence

PER_CONNECTION = 3000  # tokens; Kite's limit, which its client does not enforce
PER_KEY = 3  # connections; Kite's limit

Carried = Mapping[int, frozenset[int]]  # tokens by the connection's number


def spread(
    wanted: Collection[int], carried: Carried, keys: Sequence[Sequence[int]]
) -> tuple[dict[int, frozenset[int]], frozenset[int]]:
    """Return what each connection should carry, and the tokens that no connection has room for.

    A token stays where it is. The others go to the key that has the fewest, and in it to the
    emptiest of as few connections as its tokens need.

    Parameters
    ----------
    wanted : collection of int
        All tokens to be carried.
    carried : mapping of int to frozenset of int
        What each connection carries now.
    keys : sequence of sequences of int
        The numbers of the connections of each API key that can be used.
    """
    left = set(wanted)
    places: dict[int, set[int]] = {}
    for numbers in keys:
        for number in numbers:
            places[number] = left & carried.get(number, frozenset())
            left -= places[number]
    fresh = sorted(left)
    for numbers, count in zip(keys, _counts(places, keys, len(fresh)), strict=True):
        _fill([places[number] for number in numbers], fresh[:count])
        fresh = fresh[count:]
    return {number: frozenset(tokens) for number, tokens in places.items()}, frozenset(fresh)


def _counts(
    places: Mapping[int, Collection[int]], keys: Sequence[Sequence[int]], count: int
) -> list[int]:
    """Return how many of `count` further tokens each key takes."""
    before = [sum(len(places[number]) for number in numbers) for numbers in keys]
    after = list(before)
    for _ in range(count):
        open_keys = [k for k, n in enumerate(after) if n < PER_CONNECTION * len(keys[k])]
        if not open_keys:
            break
        after[min(open_keys, key=after.__getitem__)] += 1
    return [new - old for old, new in zip(before, after, strict=True)]


def _fill(connections: Sequence[set[int]], fresh: Sequence[int]) -> None:
    """Add tokens to the emptiest of as few connections as are needed."""
    total = len(fresh) + sum(map(len, connections))
    in_use = sum(1 for tokens in connections if tokens)
    needed = max(-(-total // PER_CONNECTION), in_use)
    chosen = sorted(connections, key=lambda tokens: not tokens)[:needed]  # those in use first
    for token in fresh:
        min(chosen, key=len).add(token)
