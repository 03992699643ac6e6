"""What the side-by-side benchmarks share: the calls and their faults, the server, the clock, and the contestants."""
