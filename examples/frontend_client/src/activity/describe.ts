// A row of the audit log as a sentence.
import type { ActivityItemFragment } from "../gql/graphql";

type Item = Pick<ActivityItemFragment, "action" | "actorName" | "errorCode" | "outcome" | "pluginName">;

// What was done, or tried.
const ACTIONS: Record<string, readonly [done: string, tried: string]> = {
  enable_customer_plugin: ["switched on", "switch on"],
  disable_customer_plugin: ["switched off", "switch off"],
  reset_customer_plugin: ["withdrew the choice of", "withdraw the choice of"],
  update_customer_plugin_settings: ["changed the settings of", "change the settings of"],
  revert_customer_plugin_settings: ["restored settings of", "restore settings of"],
  enable_plugin: ["enabled, for everybody,", "enable, for everybody,"],
  disable_plugin: ["disabled, for everybody,", "disable, for everybody,"],
  set_plugin_availability: ["set the availability of", "set the availability of"],
  update_plugin_settings: ["changed everybody's settings of", "change everybody's settings of"],
  create_customer: ["created this customer", "create this customer"],
  set_member: ["changed a member's role", "change a member's role"],
  invite_member: ["invited somebody", "invite somebody"],
  accept_invitation: ["accepted an invitation", "accept an invitation"],
  check_plugin_health: ["checked the health of", "check the health of"],
  sign_in: ["signed in", "sign in"],
  sign_out: ["signed out", "sign out"],
};

export function describeActivity({ action, actorName, errorCode, outcome, pluginName }: Item): string {
  // Later versions, and plugins, have other actions.
  const [done, tried] = ACTIONS[action] ?? [`did “${action}”`, `do “${action}”`];
  const plugin = pluginName ? ` ${pluginName}` : "";
  if (outcome === "SUCCEEDED") return `${actorName} ${done}${plugin}`;
  const ending = outcome === "REFUSED" ? "was refused" : "failed";
  return `${actorName} tried to ${tried}${plugin}, which ${ending}${errorCode ? ` (${errorCode})` : ""}`;
}
