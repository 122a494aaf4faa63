"""The account room: who I am, my sessions and keys, and for an owner everybody's."""
