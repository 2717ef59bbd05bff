"""What the calculators share: pure functions on the standard library, run in CPython and in the browser alike."""
