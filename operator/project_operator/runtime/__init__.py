"""What keeps the brain fed: queue, limiter, connections, shared observer, workers. Awaits a lot and decides little."""
