import { useId, useState } from "react";
import { useClient } from "urql";

import { Notice } from "../Notice";
import { DisablePluginDocument, EnablePluginDocument, type PluginStateFragment } from "../gql/graphql";
import { describeError, describeRefusal } from "../words/refusals";
import { isOn, nameState } from "./states";

interface Props {
  readonly slug: string;
  readonly config: PluginStateFragment;
  readonly mayChange: boolean;
  readonly onChanged: () => void;
  readonly onOpenSettings: () => void;
}

/** Why the switch stays where it is, and whether it would move together with others. */
interface Problem {
  readonly text: string;
  readonly others?: { readonly on: boolean; readonly label: string };
}

export function PluginItem({ slug, config, mayChange, onChanged, onOpenSettings }: Props) {
  const client = useClient();
  const id = useId();
  const [isUnderWay, setUnderWay] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { plugin } = config;
  const on = isOn(config);
  const isFixed = !mayChange || config.availability === "REQUIRED";

  async function change(to: boolean, withOthers: boolean) {
    if (isUnderWay || isFixed) return;
    setUnderWay(true);
    setProblem(null);
    setProblem(await (to ? enable(withOthers) : disable(withOthers)));
    setUnderWay(false);
    onChanged();
  }

  async function enable(enableDependencies: boolean): Promise<Problem | null> {
    const input = { customer: slug, plugin: plugin.name, enableDependencies };
    const { data, error } = await client.mutation(EnablePluginDocument, { input }).toPromise();
    if (error) return { text: describeError(error) };
    const result = data?.enableCustomerPlugin;
    if (!result || !("code" in result)) return null;
    const others = { on: true, label: "Switch on with what it needs" };
    return { text: describeRefusal(result), ...(result.code === "DEPENDENCY_DISABLED" ? { others } : {}) };
  }

  async function disable(disableDependents: boolean): Promise<Problem | null> {
    const input = { customer: slug, plugin: plugin.name, disableDependents };
    const { data, error } = await client.mutation(DisablePluginDocument, { input }).toPromise();
    if (error) return { text: describeError(error) };
    const result = data?.disableCustomerPlugin;
    if (!result || !("code" in result)) return null;
    const others = { on: false, label: "Switch off with what needs it" };
    return { text: describeRefusal(result), ...(result.code === "DEPENDENTS_ENABLED" ? { others } : {}) };
  }

  return (
    <li className="card plugin" aria-labelledby={`${id}-name`}>
      <div className="head">
        <h3 id={`${id}-name`}>{plugin.verboseName}</h3>
        {plugin.version && <span className="version">{plugin.version}</span>}
        <span className={`state ${config.effective ? "good" : on ? "bad" : "neutral"}`}>{nameState(config)}</span>
        <button
          type="button"
          role="switch"
          aria-checked={on}
          aria-labelledby={`${id}-name`}
          aria-describedby={`${id}-reasons`}
          // Not `disabled`, which would take the focus away while a change is under way.
          aria-disabled={isUnderWay || isFixed}
          aria-busy={isUnderWay}
          onClick={() => void change(!on, false)}
        />
      </div>
      <p className="description">{plugin.description}</p>
      <div id={`${id}-reasons`} className="reasons">
        {config.availability === "REQUIRED" && <p className="reason">Your provider has this plugin always on.</p>}
        {config.ineffectiveReasons.map((reason) => (
          <p className="reason" key={reason}>
            {reason}
          </p>
        ))}
      </div>
      {problem && (
        <Notice kind="error">
          {problem.text}
          {problem.others && (
            <button type="button" onClick={() => problem.others && void change(problem.others.on, true)}>
              {problem.others.label}
            </button>
          )}
        </Notice>
      )}
      <button type="button" aria-label={`Settings of ${plugin.verboseName}`} onClick={onOpenSettings}>
        Settings
      </button>
    </li>
  );
}
