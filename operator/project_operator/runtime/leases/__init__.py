"""Leadership by Leases (coordination.k8s.io/v1), for two replicas or more.

A replica renews one Lease, its own, however many backend objects there are. A backend object has a Lease too, which
names the replica in charge and is written only when that changes: it is good for as long as the replica's own is.
Whoever finds a replica's Lease unchanged for the time that it says takes the name out of it, guarded by its
resourceVersion, so that no renewal can succeed any more, and only then takes what that replica had
(docs/explanation/leadership.md).
"""
