"""What the calculators compute with, by subject: pure functions on the standard library, run in the browser too."""
