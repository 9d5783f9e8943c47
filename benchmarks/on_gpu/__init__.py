"""The parts of gpu.py: each a function from the sizes to rows of seconds."""
