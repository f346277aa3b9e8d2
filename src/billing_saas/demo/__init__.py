"""What `make demo` shows: the main job on real files, as its users would do it, over HTTP."""
