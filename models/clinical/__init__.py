"""The rules around whatever a model emits: what a note may say, how it is marked, cut, checked and evidenced. Pure."""
