"""Signs where the audit log's chains end, so that nobody can rewrite, shorten or replace the log unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from webnet.audit import signing_keys
from webnet.audit.chain import End, LogFault, Walk
from webnet.audit.models import AuditCheckpoint

# What `Statement.read` can raise for a text that is not a statement.
MALFORMED = (ValueError, TypeError, AttributeError, KeyError)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """The content of a checkpoint; `heads` has the chains that grew since the last one, with their number and hash.

    Rows up to the position `pruned_to` were removed by retention, so that they aren't taken for stolen. `previous` is
    the hash of the previous checkpoint's text, so that none of them can be left out.
    """

    number: int
    position: int
    pruned_to: int
    heads: Mapping[str, End]
    previous: str
    key: str
    made_at: str

    def text(self) -> str:
        # The signature is over these bytes, so the same statement must always be written the same way.
        return json.dumps(vars(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Statement:
        values: dict[str, Any] = json.loads(text)
        heads = {chain: (sequence, hash_) for chain, (sequence, hash_) in values.pop("heads").items()}
        return cls(heads=heads, **values)


def sign(*, after: AuditCheckpoint | None, walk: Walk, known: Mapping[str, End], pruned_to: int) -> AuditCheckpoint:
    """Store a checkpoint of the walk's current position; `known` are the ends at the previous checkpoint."""
    key = signing_keys.signing_key()
    statement = Statement(
        number=after.number + 1 if after else 1,
        position=walk.position,
        pruned_to=pruned_to,
        heads={chain: end for chain, end in walk.ends.items() if known.get(chain) != end},
        previous=_digest(after.text) if after else "",
        key=signing_keys.public_text(key),
        made_at=timezone.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    text = statement.text()
    return AuditCheckpoint.objects.create(
        number=statement.number, position=statement.position, text=text, signature=signing_keys.sign(key, text)
    )


def to_line(checkpoint: AuditCheckpoint) -> str:
    """The checkpoint as one line of JSON, to be kept elsewhere."""
    return json.dumps({"checkpoint": checkpoint.text, "signature": checkpoint.signature})


def read_statements() -> Iterator[Statement]:
    """The content of the stored checkpoints, in order; unchecked, and without those that can't be read."""
    for row in AuditCheckpoint.objects.iterator(chunk_size=100):
        try:
            yield Statement.read(row.text)
        except MALFORMED:
            continue


def check(trusted: Collection[str]) -> Iterator[LogFault]:
    """Find the stored checkpoints without the signature of a trusted key, and those that are missing among them.

    Of a key that is missing here, whose signatures are right otherwise, there is one fault for all its checkpoints.
    """
    number, previous = 0, ""
    signed_by: dict[str, list[int]] = {}
    for row in AuditCheckpoint.objects.iterator(chunk_size=100):
        number += 1
        if key := _find_missing_key(row.text, row.signature, trusted):
            signed_by.setdefault(key, []).append(row.number)
        if row.number != number:
            yield LogFault(f"Checkpoint {number}: removed; the next one is {row.number}.")
            number = row.number
        elif fault := _fault(row, previous, trusted):
            yield LogFault(f"Checkpoint {row.number}: {fault}.")
        previous = _digest(row.text)
    for key, numbers in signed_by.items():
        yield _missing_key(key, f"{len(numbers)} checkpoints ({numbers[0]} to {numbers[-1]})")


def check_kept(lines: Iterable[str], trusted: Collection[str]) -> Iterator[LogFault]:
    """Find the checkpoints, kept elsewhere as `to_line` wrote them, that the database no longer has as they were."""
    for number, line in enumerate(lines, start=1):
        try:
            kept = json.loads(line)
            statement = Statement.read(kept["checkpoint"])
            is_genuine = _is_signed(statement, kept["checkpoint"], kept["signature"], trusted)
            missing_key = _find_missing_key(kept["checkpoint"], kept["signature"], trusted)
        except MALFORMED:
            yield LogFault(f"Line {number} of the kept checkpoints is not a checkpoint.")
            continue
        if not missing_key and not is_genuine:
            yield LogFault(f"Line {number} of the kept checkpoints: no trusted key signed it.")
        elif not AuditCheckpoint.objects.filter(number=statement.number, text=kept["checkpoint"]).exists():
            if missing_key:  # Of one that is in the database, `check` says so.
                yield _missing_key(missing_key, f"line {number} of the kept checkpoints")
            yield LogFault(
                f"Checkpoint {statement.number}, kept elsewhere, is not in the database, or not as it was signed: "
                f"the log up to position {statement.position} was cut off or rewritten."
            )


def _fault(row: AuditCheckpoint, previous: str, trusted: Collection[str]) -> str:
    try:
        statement = Statement.read(row.text)
    except MALFORMED:
        return "edited; its text can't be read"
    is_missing_key = _find_missing_key(row.text, row.signature, trusted)
    if not is_missing_key and not _is_signed(statement, row.text, row.signature, trusted):
        return f"edited or forged; its signature is not that of a trusted key (it names {statement.key[:16]}…)"
    if (row.number, row.position) != (statement.number, statement.position):
        return "edited; its columns differ from the text that was signed"
    return "" if statement.previous == previous else "it does not follow from the checkpoint before"


def _is_signed(statement: Statement, text: str, signature: str, trusted: Collection[str]) -> bool:
    return statement.key in trusted and signing_keys.is_signed(text, signature=signature, key=statement.key)


def _find_missing_key(text: str, signature: str, trusted: Collection[str]) -> str:
    """The public key that a checkpoint names and that has signed it, if it is not trusted here; else empty."""
    try:
        key = Statement.read(text).key
        is_right = key not in trusted and signing_keys.is_signed(text, signature=signature, key=key)
    except MALFORMED:
        return ""
    return key if is_right else ""


def _missing_key(key: str, signed: str) -> LogFault:
    # Whoever can write to the database could sign with a key of their own, so it is a fault until the key is known.
    return LogFault(
        f"Missing key: {key[:16]}… has signed {signed}, and is not among the trusted keys. Put it into "
        f"WEBNET_AUDIT_KEYS, or pass its public half: --key {key}. If nobody knows this key, they are forged.",
        is_missing_key=True,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
