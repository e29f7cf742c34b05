#!/usr/bin/env python3
"""webnet's commands, for a checkout; an installed webnet has the same ones as `webnet`."""

from webnet.__main__ import main

if __name__ == "__main__":
    main()
