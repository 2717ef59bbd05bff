"""The fit of formulas.throughput to the measured rows of data/: what it says of a row, its factors, and how far off it is."""
