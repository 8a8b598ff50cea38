"""What we ask of the API server: single calls, guarded patches, Events.

Knows nothing of Kopf and nothing of identity backends.
"""
