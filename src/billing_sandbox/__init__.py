"""Stand-ins for the outside world: a payer and a practice system, for demo, tests and benchmarks."""
