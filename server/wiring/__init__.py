"""The one place that wires everything: from settings to the parts of each role. Nothing else builds a database, a
broker or an engine for the product. One module a role, so that a process loads only what its role needs."""
