"""Measure what a reader waits for, as ratios within one run, because machines differ and drift.

The other side of each ratio is stock Pyodide: a module worker that calls loadPyodide as the npm package comes, and fetches
our package's source as a wheel meanwhile, from the same server with the same compression.
"""
