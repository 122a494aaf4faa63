"""The sessions before a live day, fetched and made ready to be its past."""

from dataclasses import dataclass
from datetime import date

from dashboard.core.kite import Grant, KiteApi
from dashboard.core.market import Source
from dashboard.operations.parts import ContractBook
from dashboard.pipeline.days import Tools
from dashboard.pipeline.prepare import prepare_day
from feeds.history import fetch_sessions, followed_kinds, lacking_sessions


@dataclass(frozen=True)
class KiteHistory:
    """A `History` that keeps what it fetched as tapes of bars."""

    tools: Tools
    contracts: ContractBook

    def fetch(self, api: KiteApi, grant: Grant, day: date) -> int:
        """Fetch and prepare what the store lacks of the sessions before `day`. Blocks.

        Raises
        ------
        KiteError
            If Kite refuses.
        StoreError
            If the store does; what was written stays, and is not fetched again.
        """
        tools = self.tools
        lacking = lacking_sessions(tools.store, tools.calendar, day)
        instruments = followed_kinds(self.contracts.universe(day, {}))
        fetch_sessions(api, grant, tools.store, tools.calendar, instruments, lacking)
        fresh = set(lacking)
        unprepared = [
            one.day
            for one in tools.store.days()
            if one.day in fresh and one.source is not Source.MOCK and not one.prepared
        ]
        for one in sorted(unprepared):  # each stands on those before it
            prepare_day(
                tools.store,
                one,
                Source.RECORDED,
                tools.calendar,
                tools.decoder,
                decode_many=tools.decode_many,
            )
        return len(unprepared)
