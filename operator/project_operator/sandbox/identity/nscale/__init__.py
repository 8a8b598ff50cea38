"""The nscale Identity server, embedded.

What it does and why is in ``docs/backends/nscale.md``; a citation such as N1.3-6 names a row of that page.
"""
