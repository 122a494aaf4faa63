"""The underlyings, as parameters know them."""

from typing import Literal

Underlying = Literal["NIFTY", "BANKNIFTY", "SENSEX"]
