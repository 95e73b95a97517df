"""What things cost on this machine, next to what the same thing costs elsewhere: `minidst bench`.

One subject per file, each with `measure`, which returns a Result, and `draw`, which makes a picture of one. Times are
taken by clock.py, all contestants in turn in one run; peers.py says which of the others are to be had; a Result
(result.py) names the machine, the threads and the versions, or there is none.
"""
