"""A Kubernetes control plane without a cluster: etcd, kube-apiserver and kube-controller-manager as plain processes.

`ControlPlane` (plane.py) is what the demo and the tests use. Where its programs come from is decided in decisions.py
(pure), searched in a fixed order in search.py, and told line by line while it happens. Nothing here needs root, and
every process ends with its owner (watchdog.py).
"""
