"""Every figure of the product, each beside its peer or its floor, from one run."""
