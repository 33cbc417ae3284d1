"""The calls of the API, one file for each group: read what was asked, run the use case, answer."""
