"""Which fault is this: from bytes to ranked faults with their evidence, never an exception."""
