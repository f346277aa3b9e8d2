"""One module per subject; each registers its cases with `benchmarks.registry.case`."""
