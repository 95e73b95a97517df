"""Arrays in, arrays out: the only compiled code of the package.

Kernels take bare arrays, `out` last; they draw no random numbers and check nothing, since their callers have. Each
docstring opens with its equation in the notation of `minidst/__init__.py`. The plainest product is coo.py.
"""
