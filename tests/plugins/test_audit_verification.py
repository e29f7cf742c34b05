"""Whatever is changed in the stored audit log is found, and which row it is."""

import random
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from tests.factories import make_customer
from tests.plugins.audit_logs import find_faults, write_rows
from webnet.audit import retention, signing_keys
from webnet.audit import triggers as audit_triggers
from webnet.audit.log import AuditEntry, chained_hash, hashed_text, record
from webnet.audit.models import AuditCheckpoint, AuditHead, PluginAuditLog
from webnet.customers.access import Actor

pytestmark = pytest.mark.django_db

ROWS = 24


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.WEBNET_DATA_DIR = tmp_path


@pytest.fixture
def log():
    """24 rows in three chains, signed up to 10 and up to 18, with the triggers lifted."""
    chains = [None, make_customer("acme"), make_customer("globex")]
    for count in (10, 8, 6):
        if PluginAuditLog.objects.exists():
            retention.make_checkpoint()
        write_rows(count, customers=chains)
    audit_triggers.remove(connection)
    return PluginAuditLog.objects.order_by("position")


@contextmanager
def undone():
    """What happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def another(value, choices):
    """A value of the same kind that means something else."""
    match value:
        case dict():
            return choices.choice([None, {}, {**value, "more": 0}, {**value, "settings": {"limit": -1}}])
        case int():
            return value + choices.choice([1000, 5000])
        case str():
            index = choices.randrange(len(value) + 1)
            return choices.choice([value[:index] + "~" + value[index:], f"{value.swapcase()}!"])
        case None:
            return 1000
    return value.replace(microsecond=(value.microsecond + 1) % 1_000_000)


def edit(log, choices):
    row = choices.choice(log)
    column = choices.choice([field.attname for field in row._meta.concrete_fields])
    value = getattr(row, column)
    match column:
        case "ip_address":
            value = choices.choice([None, f"198.51.100.{choices.randrange(256)}"])
        case "hash":
            value = f"{int(value, 16) ^ (1 << choices.randrange(256)):064x}"
        case _:
            value = another(value, choices)
    PluginAuditLog.objects.filter(pk=row.pk).update(**{column: value})
    return [row.position]


def remove(log, choices):
    row = choices.choice(log)
    PluginAuditLog.objects.filter(pk=row.pk).delete()
    return [row.position]


def insert(log, choices):
    """A row behind the last one; as a good forger makes it, or as a bad one does."""
    last = {row.chain: row for row in log}
    row = choices.choice(list(last.values()))
    previous, row.reason = row.hash, "forged"
    row.position, row.sequence = len(log) + choices.choice([1, 1, 3]), row.sequence + choices.choice([1, 1, 2])
    row.text = hashed_text(row) if choices.random() < 0.8 else row.text
    row.hash = chained_hash(previous=previous, text=row.text) if choices.random() < 0.8 else row.hash
    row.save(force_insert=True)
    return [row.position]


def swap(log, choices):
    one, other = choices.sample(list(log), 2)
    PluginAuditLog.objects.filter(pk__in=[one.pk, other.pk]).delete()
    places = ["position"] if choices.random() < 0.5 else ["position", "sequence", "chain"]
    for place in places:
        first, second = getattr(one, place), getattr(other, place)
        setattr(one, place, second)
        setattr(other, place, first)
    for row in (one, other):
        row.save(force_insert=True)
    return [one.position, other.position]


def cut(log, choices):
    length = choices.randint(0, len(log) - 1)
    PluginAuditLog.objects.filter(position__gt=length).delete()
    return [length + 1]


@pytest.mark.slow
def test_1000_random_changes_are_all_found_and_located(log):
    """Takes some seconds, since each of the thousand is followed by a whole verification."""
    choices, rows, seen = random.Random(5), list(log.all()), Counter()  # noqa: S311 - no secrets
    assert find_faults() == []

    for number in range(1000):
        change = choices.choice([edit, edit, remove, insert, swap, cut])
        with undone():
            positions = change(list(log.all()), choices)
            faults = find_faults()
        seen[change.__name__] += 1
        assert any(f"Position {position}" in fault for position in positions for fault in faults), (
            number,
            change,
            faults,
        )

    assert set(seen) == {"edit", "remove", "insert", "swap", "cut"}
    assert list(log.all()) == rows
    assert find_faults() == []


def test_an_edited_row_is_the_only_one_that_is_named(log):
    for change in ({"reason": "another"}, {"text": "{}"}, {"hash": "0" * 64}, {"after": None}):
        with undone():
            log.filter(position=7).update(**change)
            faults = find_faults()

        assert {fault.split(":")[0] for fault in faults} == {"Position 7"}, change


def test_missing_rows_are_named_with_their_chain(log):
    log.filter(position__in=(4, 5)).delete()

    faults = find_faults()

    assert faults[0] == "Position 4 to 5: removed; the next row is at position 6."
    assert any(fault.startswith("Position 7: it is number 3 of chain platform; 2 removed.") for fault in faults)


def set_end(log):
    """What a thief does who knows the heads too."""
    for head in AuditHead.objects.all():
        rows = log if head.chain == "*" else log.filter(chain=head.chain)
        last = rows.last()
        head.sequence = (last.position if head.chain == "*" else last.sequence) if last else 0
        head.hash = last.hash if last and head.chain != "*" else ""
        head.save()


def rewrite(log):
    """Every chain computed again from the current rows, without a fault in it."""
    previous = {}
    for row in log:
        row.text = hashed_text(row)
        row.hash = chained_hash(previous=previous.get(row.chain, ""), text=row.text)
        previous[row.chain] = row.hash
        row.save()
    set_end(log)


def test_a_tail_that_was_cut_with_the_heads_put_right_is_found_by_the_checkpoint(log):
    log.filter(position__gt=15).delete()
    set_end(log)

    faults = find_faults()

    assert faults[0].startswith("Checkpoint 2: it signs position 18, but before it the rows end at 15")


def test_a_log_that_was_rewritten_without_a_fault_is_found_by_the_checkpoint(log):
    log.filter(position=4).update(reason="nothing to see here")
    rewrite(log)

    (fault,) = find_faults()[:1]

    assert fault.startswith("Checkpoint 1: up to position 10, chain platform is not what was signed")


def test_without_checkpoints_such_a_log_verifies(log):
    """The negative control: what the chains alone do not prove."""
    AuditCheckpoint.objects.all().delete()
    log.filter(position=4).update(reason="nothing to see here")
    rewrite(log)

    assert find_faults() == []


def test_even_without_its_checkpoints_it_is_found_by_those_that_were_kept(log):
    from webnet.audit.checkpoints import to_line

    kept = [to_line(checkpoint) for checkpoint in AuditCheckpoint.objects.all()]
    assert find_faults(kept) == []
    AuditCheckpoint.objects.filter(number=2).delete()
    log.filter(position__gt=15).delete()
    set_end(log)
    assert find_faults() == []

    (fault,) = find_faults(kept)

    assert fault.startswith("Checkpoint 2, kept elsewhere, is not in the database")


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"checkpoint": "{}", "signature": ""}', "no JSON"])
def test_what_was_kept_and_is_no_checkpoint_is_named(log, line):
    assert find_faults([line]) == ["Line 1 of the kept checkpoints is not a checkpoint."]


def test_a_kept_checkpoint_of_another_key_counts_for_nothing(log, settings):
    from webnet.audit.checkpoints import to_line

    kept = to_line(AuditCheckpoint.objects.first())
    AuditCheckpoint.objects.all().delete()
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "="]

    missing, cut_off = find_faults([kept])
    assert missing.startswith("Missing key: ") and "has signed line 1 of the kept checkpoints" in missing
    assert cut_off.startswith("Checkpoint 1, kept elsewhere, is not in the database")


def test_a_kept_checkpoint_with_a_signature_that_is_wrong_counts_for_nothing(log):
    from webnet.audit.checkpoints import to_line

    checkpoint = AuditCheckpoint.objects.first()
    checkpoint.signature = "00" * 64

    assert find_faults([to_line(checkpoint)]) == ["Line 1 of the kept checkpoints: no trusted key signed it."]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"text": "{}"}, "Checkpoint 1: edited; its text can't be read."),
        ({"signature": "00" * 64}, "Checkpoint 1: edited or forged"),
        ({"signature": "zz"}, "Checkpoint 1: edited or forged"),
        ({"position": 9}, "Checkpoint 1: edited; its columns differ"),
    ],
)
def test_an_edited_checkpoint_is_found(log, change, fault):
    AuditCheckpoint.objects.filter(number=1).update(**change)

    assert find_faults()[0].startswith(fault)


def test_a_removed_checkpoint_is_found(log):
    AuditCheckpoint.objects.filter(number=1).delete()

    assert find_faults()[0] == "Checkpoint 1: removed; the next one is 2."


def test_a_checkpoint_forged_with_another_key_is_found(log, settings):
    trusted = signing_keys.trusted_keys()
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "="]
    AuditCheckpoint.objects.all().delete()
    log.filter(position=4).update(reason="nothing to see here")
    rewrite(log)
    retention.make_checkpoint()
    settings.WEBNET_AUDIT_KEYS = []

    assert trusted == signing_keys.trusted_keys()
    assert (
        find_faults()[0].startswith("Missing key: ")
        and "If nobody knows this key, they are forged." in find_faults()[0]
    )


def test_checkpoints_of_a_missing_key_are_not_called_forged(log, settings):
    key = next(iter(signing_keys.trusted_keys()))
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "="]

    (fault,) = find_faults()

    assert fault.startswith(f"Missing key: {key[:16]}… has signed 2 checkpoints (1 to 2)") and f"--key {key}" in fault


def test_former_keys_stay_trusted_while_a_new_one_signs(log, settings, tmp_path):
    former = (tmp_path / signing_keys.KEY_FILE).read_text()
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "=", former]

    retention.make_checkpoint()

    assert find_faults() == []
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "="]
    assert "has signed 2 checkpoints (1 to 2)" in find_faults()[0]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL takes no such values.")
@pytest.mark.parametrize(
    "change",
    ["after = '{no json'", "created_at = 'yesterday'", "text = CAST(x'ff' AS TEXT)", "sequence = 'first'"],
)
def test_what_can_not_even_be_read_is_found_with_the_rest(log, change):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE plugins_pluginauditlog SET {change} WHERE position = 7")  # noqa: S608 - our own words
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    log.filter(position=20).update(reason="another")

    found = {fault.split(":")[0] for fault in find_faults()}

    assert {"Position 7", "Position 20"} <= found


def test_numbers_that_a_database_writes_its_own_way_are_no_edit():
    values = [1e22, 1.5e300, 1e-7, -0.0, 2**70, 1.0, True, 10]
    record(AuditEntry(actor=Actor.system("tests"), action="try", after=values))

    assert find_faults() == []


def test_a_number_in_the_place_of_a_truth_is_an_edit(log):
    row = log.get(position=7)
    row.after["settings"]["é"] = [None, 1]
    log.filter(position=7).update(after=row.after)

    assert find_faults() == ["Position 7: edited; its columns differ from the text that was hashed."]


def test_an_empty_log_verifies():
    assert find_faults() == []
