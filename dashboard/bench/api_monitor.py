"""How often a second `/v1/monitor/snapshot` is answered, all options of one underlying in it."""

import asyncio

from dashboard.bench.figure import Figure, percentile
from dashboard.bench.talk import hear, process, say
from dashboard.core.clock import SystemClock

SUBJECT = "api"
CONNECTIONS = 8
SETTLE_S = 3.0
WANTED = 500
UNDERLYING = "NIFTY"
CODINGS = ("gzip", "identity")


def measure_monitor(seconds: float) -> list[Figure]:
    """Return requests a second over a few connections that are kept, and how long one takes."""
    with process("dashboard.bench.api_server") as server:
        say(server, {"clients": 1, "one_chain": True})
        where = hear(server)
        port, access = where["port"], where["access"][0]
        return [
            figure
            for coding in CODINGS
            for figure in asyncio.run(_measure(port, access, coding, seconds))
        ]


async def _measure(port: int, access: str, coding: str, seconds: float) -> list[Figure]:
    request = (
        f"GET /v1/monitor/snapshot?underlying={UNDERLYING} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nAuthorization: Bearer {access}\r\n"
        f"Accept-Encoding: {coding}\r\n\r\n"
    ).encode()
    await asyncio.sleep(SETTLE_S)
    clock = SystemClock()
    until_s = clock.monotonic() + seconds
    laps: list[float] = []
    sizes: list[int] = []

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while (begun_s := clock.monotonic()) < until_s:
            writer.write(request)
            sizes.append(await _answer(reader))
            laps.append(1000 * (clock.monotonic() - begun_s))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
    words = f"monitor's snapshot, {max(sizes) / 1000:.0f} kB ({coding})"
    return [
        Figure(SUBJECT, f"{words}: requests", len(laps) / seconds, "/s", 0, at_least=WANTED),
        Figure(SUBJECT, f"{words}: 99 of 100", percentile(laps, 0.99), "ms", 1),
    ]


async def _answer(reader: asyncio.StreamReader) -> int:
    """Return the bytes of an answer's body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(size)
    return size
