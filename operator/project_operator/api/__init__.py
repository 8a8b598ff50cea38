"""What users write and what others see of us. Imports nothing else of this package; does no I/O."""
