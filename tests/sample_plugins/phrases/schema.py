"""Fields, descriptions and refusals with lazily translated texts."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from django.utils.translation import gettext_lazy as _

from webnet.sdk import graphql
from webnet.sdk.errors import InvalidInput


@graphql.type(description=_("Monday"))
class Phrase:
    text: str
    words: graphql.JSON


def say() -> Phrase:
    return Phrase(text=_("Tuesday"), words={_("May"): [_("June"), (_("July"),)]})


@graphql.type
class PhraseQueries:
    @graphql.field(description=_("Wednesday"), from_plugin_state=True)
    @staticmethod
    def phrase() -> Phrase:
        return say()


@graphql.input
class NotePhraseInput:
    is_refused: bool = False


@graphql.type
class NotePhrasePayload:
    text: str


@graphql.type
class PhraseMutations:
    @graphql.mutation(description=_("Thursday"))
    @staticmethod
    def note_phrase(info: graphql.Info, input: NotePhraseInput) -> NotePhrasePayload:
        if input.is_refused:
            raise InvalidInput(_("Friday"), field=_("May"))
        with info.context.operation(_("May"), reason=_("Saturday")) as operation:
            operation.before, operation.after = {"day": _("Sunday")}, {_("Monday"): [_("Tuesday")]}
        return NotePhrasePayload(text=_("Tuesday"))


@graphql.type
class PhraseSubscriptions:
    @graphql.subscription(description=_("Friday"))
    @staticmethod
    async def phrases() -> AsyncGenerator[Phrase, None]:
        yield say()
