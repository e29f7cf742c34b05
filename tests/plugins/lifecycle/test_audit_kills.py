"""`kill -9` at random moments of signing and pruning the audit log: it verifies, and its triggers are there."""

PREPARE = "    from tests.plugins.lifecycle import audit_kill_loop\n"
# The guard taken away: what pruning does is not one transaction.
WITHOUT_TRANSACTIONS = """
    from contextlib import nullcontext
    from types import SimpleNamespace
    from webnet.audit import operation
    operation.transaction = SimpleNamespace(atomic=lambda **_: nullcontext(), on_commit=lambda callback, **_: None)
    from webnet.audit import log as audit_log
    from webnet.audit.models import AuditHead
    audit_log.lock_end = lambda: AuditHead.objects.get(chain="*")
"""


def test_after_each_of_30_kills_the_log_verifies(installation):
    seen = installation.run(f"{PREPARE}\n    report = audit_kill_loop.kill_at_random_moments(30, seed=7)")

    assert seen["found"] == []
    assert seen["has_pruned"]
    assert seen["checkpoints"] > 5


def test_without_the_one_transaction_a_kill_leaves_what_does_not_verify(installation):
    """The negative control of the test above."""
    script = "    report = audit_kill_loop.kill_at_random_moments(30, seed=7, until_found=True)\n"

    assert installation.run(PREPARE + WITHOUT_TRANSACTIONS + script)["found"] != []
