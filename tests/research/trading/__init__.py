"""The SDK: against the API itself, served and in this process, and against servers of scripts."""
