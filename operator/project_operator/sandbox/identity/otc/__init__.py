"""An embedded server that behaves as the vendor documents the IAM of Open Telekom Cloud, traps included.

Rows such as T1-3 are those of docs/backends/otc.md. What is marked [?], [C] or [S] there is an assumption here as well:
above all how late reads are, and what a project looks like that is being deleted.
"""
