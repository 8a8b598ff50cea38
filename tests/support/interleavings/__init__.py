"""All interleavings of a small world: one Project, one backend, one or two operators whose decisions are the real ones.

`state` says what there is, `steps` what can happen next (`deciding` for an operator, `requests` and `looking` for the
backend, `api_server` for the Project), `search` goes through all of it, and `breaking` takes rules out of the core.
Time stands still between ticks, and every moment in memory is kept as seconds before now, so that states which differ
only in when they are count as one.
"""
