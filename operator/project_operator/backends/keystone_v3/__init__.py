"""Keystone's identity API v3: the protocol that several vendors speak, each with a `Dialect` of its own."""
