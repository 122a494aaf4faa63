"""The candle chart of the desk page: Bokeh figures and a small script that frames them."""
