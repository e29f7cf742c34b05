// What the switch shows, and the state in a word.
import type { PluginStateFragment } from "../gql/graphql";

type State = Pick<PluginStateFragment, "availability" | "enabled" | "effective">;

/** The customer's choice, or without one what the availability says. */
export function isOn({ availability, enabled }: State): boolean {
  if (availability === "REQUIRED") return true;
  return enabled ?? availability === "DEFAULT_ON";
}

export function nameState(state: State): string {
  if (state.effective) return "On";
  return isOn(state) ? "On, not effective" : "Off";
}
