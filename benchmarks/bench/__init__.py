"""`make bench`: how fast webnet is, beside a bare Django view and other frameworks, and how it grows.

`python -m benchmarks.bench --help` lists the options; `docs/performance.md` says what the figures mean.
"""
