"""The real OpenStack Keystone, from its own packages, served on loopback for tests and the demo.

Nothing of it is imported here: it has packages of its own in the cache and runs as a process of its own.
"""
