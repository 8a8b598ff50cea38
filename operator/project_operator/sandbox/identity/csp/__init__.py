"""An embedded server that behaves as the vendor documents its Cloud Services Platform, traps included.

Rows such as V2-1 are those of docs/backends/csp.md. What is marked [I] or [?] there is an assumption here as well:
above all what deletion does, and what 409 means.
"""
