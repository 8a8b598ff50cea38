"""The nscale Identity server, embedded. What it does and why is in ``docs/backends/nscale.md``; ``N1.3-6`` names a row there."""
