"""Arrays in, arrays out: the only compiled code of the package.

Kernels take bare arrays and write to `out`. Products of a batch end with one piece of it: X, first, end, origin, size
(packing.py). They draw no random numbers and check nothing, since their callers have. Each docstring opens with its
equation in the notation of `minidst/__init__.py`. The plainest product is coo.py.
"""
