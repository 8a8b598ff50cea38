"""Kopf glue: the only importers of Kopf. Every handler hands what it was told to the `Sink` and returns."""
