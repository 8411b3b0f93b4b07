"""Real servers, real clients and the real binary for the end-to-end tests and the demo.

Reading order: process.py (child processes whose lines can be waited for), servers.py (InspIRCd with
Atheme, ngIRCd, certificates), client.py (somebody on IRC), crier.py (the program and its sandbox),
house.py (all of it put together), fake.py (a server that says what a test wants).

Python's standard library only. Nothing here sleeps: everything waits for something, with a deadline.
"""
