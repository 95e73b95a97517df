"""Time and memory on this machine, compared with other libraries: `minidst bench`.

race.py times all contestants in turn; peers.py imports the libraries compared with and describes the machine;
result.py holds the tables and draws them; the other files each measure one or two subjects.
"""
