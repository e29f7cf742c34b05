"""What the codes of refusals mean, and those of the faults of an input; `webnet.errors` has the refusals of each."""

from __future__ import annotations

from collections.abc import Mapping

from webnet.contract.codes import CodeMeaning, Retry


def _says(when: str, client: str, retry: Retry = Retry.AFTERWARDS) -> CodeMeaning:
    return CodeMeaning(when=when, client=client, retry=retry)


REFUSAL_CODES: Mapping[str, CodeMeaning] = {
    # PermissionDenied
    "NOT_SIGNED_IN": _says("Nobody is signed in.", "Sign in, or send a token."),
    "BAD_CREDENTIALS": _says(
        "The username or the password is wrong, or the user is inactive.",
        "Ask for both again. Each wrong password may make the next attempt wait.",
        Retry.NO,
    ),
    "ROLE_TOO_LOW": _says(
        "The viewer's role for this customer is lower than `requiredRole`.",
        "Ask an admin of the customer for the role.",
    ),
    "PERMISSION_MISSING": _says(
        "This needs a plugin's permission, which a member of `requiredRole` has.",
        "Ask an admin of the customer for the permission.",
    ),
    "OPERATORS_ONLY": _says(
        "Only a platform operator may do this, and not with a limited token.",
        "Ask a platform operator to do it.",
        Retry.NO,
    ),
    "SESSION_REQUIRED": _says("An API token can't decide this for its user.", "Sign in, and do it with the session."),
    "AVAILABILITY": _says(
        "The plugin is withheld from the customer, or required for it.",
        "Have a platform operator change that with `setPluginAvailability`.",
    ),
    # NotFound
    "PLUGIN_NOT_FOUND": _says(
        "There is no such plugin, or the viewer may not see it.", "Correct the name; `plugins` lists them.", Retry.NO
    ),
    "CUSTOMER_NOT_FOUND": _says(
        "There is no such customer, the viewer may not see it, or it is not in this view.",
        "Correct the slug, or send the request to `/graphql/` or to that customer's address.",
        Retry.NO,
    ),
    "USER_NOT_FOUND": _says("There is no such user.", "Correct the username.", Retry.NO),
    "PROBLEM_NOT_FOUND": _says(
        "There is no such problem now, or it is not the viewer's.",
        "Read the problems again: it may be solved.",
        Retry.NO,
    ),
    "TOKEN_NOT_FOUND": _says(
        "There is no token with this id, or the viewer may not end it.",
        "Read `apiTokens` again: it may have been ended.",
        Retry.NO,
    ),
    "MEMBER_NOT_FOUND": _says(
        "The customer has no such member. This does not say whether the user exists.",
        "Invite them with `inviteMember`.",
    ),
    "INVITATION_NOT_FOUND": _says(
        "There is no such invitation, or it is for somebody else.",
        "Sign in as the person who was invited, or ask for a new one.",
    ),
    "PERMISSION_NOT_FOUND": _says(
        "The plugin declares no such permission.", "Correct the name; the plugin's `permissions` lists them.", Retry.NO
    ),
    "ROW_NOT_FOUND": _says(
        "The plugin has no row with this id, or the viewer may not see it.",
        "Drop what you know of the row, and read the list again.",
        Retry.NO,
    ),
    # Conflict, RevisionNotAvailable, InvalidSettings
    "REVISION_CONFLICT": _says(
        "These settings are at `currentRevision`, not at `expectedRevision`: somebody has changed them.",
        "Read them again, show what has changed, and send the change with the new revision.",
        Retry.NO,
    ),
    "REVISION_NOT_AVAILABLE": _says(
        "These settings never had that revision, or its row in the audit log was removed.",
        "Choose another revision from the settings' history.",
        Retry.NO,
    ),
    "INVALID_SETTINGS": _says(
        "The merged settings would not fit the plugin's schema.",
        "Show `faults` at their fields, and have the values corrected.",
        Retry.NO,
    ),
    # InvalidInput
    "INVALID_INPUT": _says(
        "Values of the input are not acceptable.",
        "Show `faults` at their fields, and have the values corrected.",
        Retry.NO,
    ),
    "NAME_TAKEN": _says("The name is taken.", "Ask for another name.", Retry.NO),
    "ALREADY_MEMBER": _says(
        "This person is a member of the customer.", "Change their role with `setMember` instead.", Retry.NO
    ),
    "CUSTOMER_INACTIVE": _says(
        "The customer is inactive, and nobody can join it.", "Ask a platform operator to activate it."
    ),
    "INVITATION_ACCEPTED": _says(
        "The invitation has been accepted.", "Remove the member instead of revoking the invitation.", Retry.NO
    ),
    "INVITATION_REVOKED": _says(
        "The invitation was revoked or replaced, or whoever made it is no longer an admin.",
        "Ask for a new one.",
        Retry.NO,
    ),
    "INVITATION_EXPIRED": _says("The invitation is older than seven days.", "Ask for a new one.", Retry.NO),
    "TOO_MANY_INVITATIONS": _says(
        "The customer has 100 invitations that are open or were made within a day.", "Revoke some, or wait for a day."
    ),
    "OWN_ACCOUNT": _says("Nobody deactivates themself.", "Have another platform operator do it.", Retry.NO),
    "LAST_OPERATOR": _says(
        "The user is the last active platform operator.", "Create or activate another platform operator first."
    ),
    # DependencyRefusal
    "DEPENDENCY_DISABLED": _says(
        "It needs `plugins`, which are disabled, or would be off for some customer.",
        "Send `enableDependencies: true`, or do what the message says.",
    ),
    "DEPENDENCY_MISSING": _says("It needs `plugins`, which are not installed.", "Have them installed."),
    "DEPENDENCY_VERSION": _says(
        "It needs `plugins`, which are installed in an incompatible version.", "Have a compatible version installed."
    ),
    "DEPENDENCY_CYCLE": _says("`plugins` depend on each other in a cycle.", "Ask their authors to end it."),
    "DEPENDENTS_ENABLED": _says(
        "`plugins` need it and are enabled.", "Send `disableDependents: true`, or disable them first."
    ),
    "PLAN_CHANGED": _says(
        "It would change `plugins` as well, which are not among `onlyPlugins`.", "Ask for the plan again, and show it."
    ),
    "PLUGIN_IN_USE": _says(
        "By `uninstall_plugin` only: the plugin is enabled, loaded by a server, or others depend on it.",
        "Do what the message lists.",
    ),
    "ROWS_PROTECTED": _says(
        "By `purge_customer` only: other rows protect the customer's rows.", "Delete those rows first."
    ),
    # PluginUnavailable, HookFailed, RateLimited
    "PLUGIN_NOT_RUNNABLE": _says(
        "The plugin's code can't run in this process; `status` says which state it is in.",
        "Have an operator fix what `Plugin.statusReason` says.",
    ),
    "PLUGIN_DISABLED": _says(
        "The plugin is disabled for everybody.", "Have a platform operator enable it with `enablePlugin`."
    ),
    "HOOK_FAILED": _says(
        "A hook of the plugin raised, or tampered with the transaction, and nothing was changed.",
        "Have an operator fix what the server's log says of it.",
    ),
    "RATE_LIMITED": _says(
        "There were too many attempts to sign in, or too many people sign in.",
        "Wait for `retryAfterSeconds`.",
        Retry.LATER,
    ),
}

# What the audit log has as `errorCode`, and no answer.
LOG_CODES: Mapping[str, CodeMeaning] = {
    "OPERATION_FAILED": _says(
        "An operation of a plugin raised, and nothing was changed.",
        "Have fixed what the server's log says of the row's `requestId`.",
    ),
    "LOG_DISAGREES": _says(
        "The daily verification of the audit log has found the fault that is in `after`.",
        "Run `verify_audit_log`, which names all faults.",
    ),
}

# Codes of faults of an input that are no refusal's: Django's checks of columns, in capitals.
FAULT_CODES: Mapping[str, CodeMeaning] = {
    code: _says(when, "Have the value corrected.", Retry.NO)
    for code, when in {
        "BLANK": "The value is empty.",
        "NULL": "The value is null.",
        "INVALID_CHOICE": "The value is none of those that are allowed.",
        "INVALID_DATE": "There is no such date.",
        "INVALID_DATETIME": "There is no such date or time.",
        "INVALID_EXTENSION": "A file of this kind is not allowed.",
        "INVALID_NULLABLE": "The value is not true, false or null.",
        "INVALID_TIME": "There is no such time.",
        "MAX_DECIMAL_PLACES": "The number has too many decimal places.",
        "MAX_DIGITS": "The number has too many digits.",
        "MAX_LENGTH": "The text is too long.",
        "MAX_VALUE": "The value is too large.",
        "MAX_WHOLE_DIGITS": "The number has too many digits before the decimal point.",
        "MIN_LENGTH": "The text is too short.",
        "MIN_VALUE": "The value is too small.",
        "NULL_CHARACTERS_NOT_ALLOWED": "The text contains U+0000.",
        "STEP_SIZE": "The value is not a multiple of the step.",
        "UNIQUE": "Another row has this value.",
        "UNIQUE_FOR_DATE": "Another row of the same date has this value.",
        "UNIQUE_TOGETHER": "Another row has these values together.",
    }.items()
}
