"""How a project becomes real somewhere. ``base`` is the contract; each vendor is one folder that imports no sibling."""
