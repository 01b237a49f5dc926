"""What the release's jobs made: test results, coverage, scans, load summaries.

Files are found (:mod:`.files`), tied to a release (:mod:`.provenance`) and read, each
format by a module of its own, within bounds: somebody else wrote them.
"""
