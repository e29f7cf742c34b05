// The findings that are right as they are, each with its reason. An exception without a finding is reported as well.
const withoutId = (...types) => types.map((name) => new RegExp(`^type "${name}" must have exactly one`));

export const exceptions = [
  {
    rule: "strict-id-in-types",
    findings: withoutId("\\w+Connection", "\\w+Edge", "PageInfo"),
    reason: "Relay defines them without ids: a page belongs to the field and its arguments, and its nodes have ids.",
  },
  {
    rule: "strict-id-in-types",
    findings: withoutId("\\w+Payload"),
    reason: "It is the answer to one mutation, which nothing asks for again; the objects in it have ids.",
  },
  {
    rule: "strict-id-in-types",
    findings: withoutId(
      "Conflict",
      "DependencyRefusal",
      "HookFailed",
      "InvalidInput",
      "InvalidSettings",
      "NotFound",
      "PermissionDenied",
      "PluginUnavailable",
      "RateLimited",
      "RevisionNotAvailable",
    ),
    reason: "A refusal says why one mutation was not done: it is no object that could be read again.",
  },
  {
    rule: "strict-id-in-types",
    findings: withoutId("Viewer", "Limits"),
    reason: "There is one for whoever asks, at one place of the schema; `Viewer.user` has an id.",
  },
  {
    rule: "strict-id-in-types",
    findings: withoutId(
      "ChangedSetting",
      "CustomerPluginOutcome",
      "ExternalHost",
      "InputFault",
      "PlanStep",
      "PluginContributions",
      "PluginDependency",
      "PluginDependencyLink",
      "PluginPermission",
      "PluginPlan",
      "PluginSettingsPlan",
      "PluginTable",
      "RoleGrant",
      "SecretSetting",
      "SettingSource",
      "SettingsIssue",
      "OutdatedPlugin",
      "UpgradeNote",
    ),
    reason: "It is a part of the one object or answer that it is read from, and never changes without it.",
  },
  {
    rule: "relay-edge-types",
    findings: [/^A list type should only wrap an edge type\.$/],
    reason: "Short lists have a fixed maximum instead of pages, and connections have `nodes`, as GitHub's do.",
  },
  {
    rule: "no-unreachable-types",
    findings: [/^Directive `plugin` is unreachable\.$/],
    reason: "It marks what plugins bring, and schema.graphql is the schema without plugins.",
  },
  {
    rule: "no-typename-prefix",
    findings: [/^Field "username" starts with the name of the parent type "User"$/],
    reason: "A username is what a person signs in with; `User.name` is the name of the person.",
  },
];
