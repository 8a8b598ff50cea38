"""How people see what the operator does: hooks, metrics, logs, health."""
