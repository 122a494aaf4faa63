"""How much a client may ask of a socket, and how long it is waited for."""

TOKENS = 3000  # of one subscription
TOPICS = 64
MESSAGE_BYTES = 64 * 1024
MESSAGES_PER_S = 20
EXCESS = 100  # messages beyond that before the socket is closed
INTERVAL_MS = 60_000  # the longest that frames may be gathered for

CLIENTS = 1000  # of a process
CLIENTS_EACH = 20  # of an account

SIGN_IN_S = 5.0
READY_S = 10.0  # until a desk that loads has its instruments
STALL_S = 30.0  # a client that takes nothing for as long is closed
CLOSE_S = 10.0  # a client that does not answer a goodbye for as long is cut off
SWEEP_S = 1.0  # between two looks for those
ASK_EVERY = 15  # looks: then the database is asked whether a sign-in was ended elsewhere

SPACING_S = 0.02  # between two rounds of a desk's clients
ROUND_SHARE = 2  # but rounds take at most every second part of the loop's time

WRITE_BUFFER = 64 * 1024  # bytes that the process holds for a client beyond the frame it sends
SOCKET_BUFFER = 128 * 1024  # ... and the kernel: what waits there is old when it arrives
