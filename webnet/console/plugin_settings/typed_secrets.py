"""Secrets between two pages of a form: sealed, so that the browser carries what it can't read.

A sealed text opens for the user, the customer and the place for which it was typed, and for an hour. It is bound to no
revision: after a conflict, nobody has to type a secret again.
"""

from __future__ import annotations

import json
import time

from webnet.api.vocabulary import sealed_texts
from webnet.console.plugin_settings.targets import Target
from webnet.console.settings_form.form import Seals

PURPOSE = b"typed setting"
LIFETIME_SECONDS = 3_600
# A sealed text is as long as what is in it: this many characters and more look alike.
PADDED_LENGTH = 128


def make_seals(target: Target) -> Seals:
    """The seals of one form."""
    user = target.frame.context.actor.user_id
    about = [str(user).encode(), (target.customer or "").encode(), target.plugin.encode()]

    def seal(path: str, text: str) -> str:
        padding = " " * (-len(text) % PADDED_LENGTH)
        plain = json.dumps([int(time.time()), text, padding]).encode()
        return sealed_texts.seal(plain, purpose=PURPOSE, bound_to=[*about, path.encode()])

    def unseal(path: str, sealed: str) -> str | None:
        plain = sealed_texts.unseal(sealed, purpose=PURPOSE, bound_to=[*about, path.encode()])
        if plain is None:
            return None
        typed_at, text, _ = json.loads(plain)
        return str(text) if time.time() - typed_at <= LIFETIME_SECONDS else None

    return Seals(seal=seal, unseal=unseal)
