"""Accounts, passwords, sign-in tokens and their limits."""
