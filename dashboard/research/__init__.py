"""What a researcher opens in a notebook: stored days, and moments of them."""
