"""What the command line reads and writes: CPython only, never sent to the browser."""
