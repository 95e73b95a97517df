"""Arrays in, arrays out: the only room that is compiled.

Bare arrays, `out` last; no random numbers, no checks, no classes. Callers in `formats` and `dst` have validated.
Each docstring opens with its equation in the notation of `minidst/__init__.py`.
"""
