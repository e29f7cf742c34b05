"""How many examples a fuzzing test tries: the same few each time in `make test`, many others in `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# What `make fuzz EXAMPLES=…` asks for; 0 in `make test`.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def examples(count: int) -> settings:
    """Hypothesis' settings for so many large examples, of which none is made smaller after a failure.

    A smaller one would take long to find, and where a server is asked, each example changes what the next one meets.
    """
    return settings(
        max_examples=count,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
