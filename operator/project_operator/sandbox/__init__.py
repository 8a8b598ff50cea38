"""What demo and tests run against: a control plane and identity servers that need nothing but this machine."""
