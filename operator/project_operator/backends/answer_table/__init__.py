"""What the answers of a vendor mean: a table that is read from the top, and all that is done with it.

A vendor writes rows (`rows`), who speaks in an answer, and its own words; `table` applies them to what came of a
request, and `page` shows them to people.
"""
