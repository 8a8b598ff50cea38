"""How fast the operator is, beside a client that does nothing but send (`make bench`).

Everything is measured on a real API server and with every part a process of its own: control plane, identity server,
operator, bare client, and this. `plan` says what is run, `measures/` run it, `record` is what they find, and `budgets`,
`scaling`, `page` and `plots` are what is made of that.
"""
