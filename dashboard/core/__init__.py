"""What a market is: instruments, ticks, bars, sessions, signals. It knows nothing outside."""
