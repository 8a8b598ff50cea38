"""Breaking things on purpose: proxies that spoil what passes, a stage to break things on, and oracles that judge."""
