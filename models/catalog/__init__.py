"""Which model serves: files by name and hash, the embedded default, baking, gates, switching and going back."""
