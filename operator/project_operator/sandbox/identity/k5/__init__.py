"""An embedded Fujitsu K5 identity service of one region: real HTTP, and the behaviour that its documentation describes.

Comments such as `F2-4` name rows of docs/backends/k5.md. What the documentation leaves open is a setting.
"""
