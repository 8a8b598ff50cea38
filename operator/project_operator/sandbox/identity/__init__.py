"""Real HTTP servers that behave as the vendors' identity servers do, traps included.

They are not mocks for our clients: where one of them differs from the vendor's server, the embedded one is the defect.
What is shared by all vendors (serving, faults, request log, admin interface) is here; each vendor's behaviour is a
folder, with citations of its facts file.
"""
