"""What the flags of a reading mean: a word that fits a card, and a sentence."""

# Said by the card in another way than a chip.
TOLD_FLAGS = ("provisional", "not_in_recording", "failed", "stale")
# Too usual for a chip: one of them is nearly always there. The drawer says them.
USUAL_FLAGS = (
    *("above_zero", "below_zero", "basis_adjusted", "first_bar"),
    *("no_trend", "building", "trending", "strong", "rising"),  # ADX, which the reason prints
)
QUIET_FLAGS = frozenset((*TOLD_FLAGS, *USUAL_FLAGS))
WARNING_FLAGS = frozenset(
    ("gap_in_window", "wide_spread", "thin", "differs_from_exchange", "conflict", "rising_risk")
)

FLAG_WORDS = {
    "above_zero": ("ABOVE 0", "MACD is above zero: the fast average leads"),
    "accepted": ("ACCEPTED", "Two whole 5 minutes closed on this side of the value area"),
    "atm_from_parity": ("FROZEN", "The index has closed: the money is taken from put-call parity"),
    "auction_phase": ("AUCTION", "The closing auction has begun"),
    "basis_adjusted": ("BASIS", "Levels of the future are moved to the index by their basis"),
    "below_zero": ("BELOW 0", "MACD is below zero: the slow average leads"),
    "building": ("BUILDING", "ADX is between no trend and a trend"),
    "choch": ("CHOCH", "The last break changed the character of the market"),
    "churn": ("CHURN", "Much volume, hardly any body: both sides met"),
    "conflict": ("CONFLICT", "Trend and derivatives point in opposite ways, both clearly"),
    "deriv_only": ("F&O", "Only futures and options trade now"),
    "differs_from_exchange": ("DIFFERS", "Differs from the exchange's own average price"),
    "differs_over_15m": ("15M OTHER", "The last 15 minutes show the other direction"),
    "easing": ("EASING", "India VIX fell by 5% or more today"),
    "expiry_week": ("EXPIRY", "The month's contracts expire this week: positions are rolled"),
    "extreme": ("EXTREME", "The ratio is extreme; its strength is capped"),
    "failed": ("FAILED", "The section failed; the others go on"),
    "failed_break": ("FAILED", "Broke out and came back inside within three bars"),
    "first_bar": ("FIRST", "The first bar of the session"),
    "fresh_bos": ("BOS", "Broke a swing in the trend's direction on this bar"),
    "fresh_break": ("BREAK", "Broke out on this bar"),
    "fresh_break_above": ("BREAK", "Closed a break of the nearest resistance on this bar"),
    "fresh_break_below": ("BREAK", "Closed a break of the nearest support on this bar"),
    "fresh_choch": ("CHOCH", "Broke a swing against the trend on this bar"),
    "fresh_cross_9_20": ("CROSS", "EMA 9 crossed EMA 20 on this bar"),
    "fresh_cross_macd": ("CROSS", "MACD crossed its signal on this bar"),
    "fresh_death_cross": ("DEATH", "EMA 50 crossed below EMA 200 on this bar"),
    "fresh_engulfing_down": ("ENGULF", "A falling body covers the rising one before it"),
    "fresh_engulfing_up": ("ENGULF", "A rising body covers the falling one before it"),
    "fresh_flip": ("FLIP", "Changed its direction on this bar"),
    "fresh_golden_cross": ("GOLDEN", "EMA 50 crossed above EMA 200 on this bar"),
    "fresh_hammer": ("HAMMER", "The low was rejected after a fall"),
    "fresh_poc_move": ("POC MOVED", "The price of most volume moved on this bar"),
    "fresh_shooting_star": ("STAR", "Shooting star: the high was rejected after a rise"),
    "front_only": ("FRONT", "The next month's OI is unknown: the near month alone is counted"),
    "gap_in_window": (
        "GAPS",
        "Bars are missing in the last hour or at the open; the strength is capped",
    ),
    "gap_open": ("GAP", "The session opened with a gap"),
    "inverted_cpr": ("CPR INV", "The ends of the central pivot range are inverted"),
    "late_day": ("LATE DAY", "After 14:30 the opening range says less"),
    "mixed": ("MIXED", "The averages are not in one order"),
    "naked_prior_poc": ("NAKED", "Yesterday's price of most volume was not reached today"),
    "naked_prior_vah": ("NAKED VAH", "The top of yesterday's value area was not reached today"),
    "naked_prior_val": ("NAKED VAL", "The bottom of yesterday's value area was not reached today"),
    "narrow_cpr": ("NARROW", "The central pivot range is narrow"),
    "nifty_vix": ("OF NIFTY", "India VIX is made from NIFTY's options, not from this index's"),
    "no_level_above": ("TOP", "No level is known above the price"),
    "no_level_below": ("BOTTOM", "No level is known below the price"),
    "no_trend": ("NO TREND", "ADX is so low that there is no trend, and no side"),
    "not_in_recording": ("ABSENT", "This recording lacks what the section needs"),
    "oi_change_undefined": ("NO ΔPCR", "OI rose on one side or none: its change has no ratio"),
    "overbought": ("RSI ≥ 70", "RSI is at 70 or above"),
    "oversold": ("RSI ≤ 30", "RSI is at 30 or below"),
    "pre_open": ("PRE-OPEN", "Before the open: the open interest is yesterday's"),
    "provisional": ("FORMING", "The bar is still forming"),
    "regime_unknown": ("UNKNOWN", "India VIX is too old to name a regime; its factor is 0.9"),
    "rising": ("RISING", "ADX is above its value five bars ago"),
    "rising_risk": ("RISK UP", "India VIX rose by 5% or more today"),
    "rising_while_falling": ("ALARM", "India VIX rose by 8% or more while the index fell"),
    "rolled_contract": ("ROLLED", "The front contract is another one than in the session before"),
    "session_unverified": ("HOURS?", "The calendar does not know this session's hours"),
    "stale_oi": ("OLD OI", "Open interest has not changed for more than ten minutes"),
    "settlement_window": ("SETTLES", "Expiry day: prices may serve the settlement"),
    "short_baseline": ("FEW DAYS", "Compared with fewer than ten earlier sessions"),
    "special_session_skipped": ("SKIPS", "A special session between was left out"),
    "stale": ("STALE", "The reading is older than what it is about"),
    "stretched": ("FAR", "The price is far from the average for this session"),
    "strikes_missing": ("PARTIAL", "Some strikes round the money are missing"),
    "strong": ("STRONG", "ADX is above 40: a strong trend, and perhaps a spent one"),
    "test": ("TEST", "A wick went beyond the range, its close did not"),
    "thin": ("THIN", "Most of the last 30 minutes had no trade"),
    "trending": ("TREND", "ADX shows a trend"),
    "unofficial_close": ("UNOFF", "Unofficial: the prior close is not the exchange's own"),
    "volume_dry": ("DRY", "Less than 0.7 of the usual volume"),
    "volume_extreme": ("EXTREME", "More than twice the usual volume"),
    "volume_high": ("HIGH", "1.3 times the usual volume, or more"),
    "volume_unknown": ("NO VOL", "The volume of this bar is not known"),
    "wide": ("WIDE", "The range is wide for these days"),
    "wide_cpr": ("WIDE", "The central pivot range is wide"),
    "wide_spread": ("SPREAD", "Quotes are far apart"),
}


def flag_words(flag: str) -> tuple[str, str]:
    """Return a flag's short word and its meaning; a flag of no table speaks for itself.

    A cross or a break is fresh by being shown at all.
    """
    plain = flag.removeprefix("fresh_").replace("_", " ")
    return FLAG_WORDS.get(flag, (plain.upper(), plain))
