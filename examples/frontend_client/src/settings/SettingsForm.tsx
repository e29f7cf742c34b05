// A form by rjsf. webnet checks the values: this page knows neither secrets nor what is set for all customers.
import Form, { type IChangeEvent } from "@rjsf/core";
import { type ErrorSchema, englishStringTranslator, type RJSFSchema, TranslatableString } from "@rjsf/utils";
import { customizeValidator } from "@rjsf/validator-ajv8";
import { Ajv2020 } from "ajv/dist/2020";
import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";

import { Notice } from "../Notice";
import { SaveSettingsDocument, SettingsDocument, type SettingsStateFragment } from "../gql/graphql";
import { describeError, describeRefusal } from "../words/refusals";
import { ConflictChoice } from "./ConflictChoice";
import { PasswordWidget } from "./PasswordWidget";
import { SecretList } from "./SecretList";
import { type Choice, compare, type Difference, merge } from "./conflicts";
import { placeFaults } from "./field_errors";
import { type JsonObject, makePatch, setAt } from "./pointers";

interface Props {
  readonly slug: string;
  readonly plugin: string;
  readonly schema: RJSFSchema;
  readonly opened: SettingsStateFragment;
  readonly mayChange: boolean;
}

interface Conflict {
  readonly theirs: SettingsStateFragment;
  readonly differences: readonly Difference[];
}

/** What rjsf knows of them; with a recursive type, its own types would have no end. */
type Values = Record<string, unknown>;

// webnet's schemas are of this draft.
const validator = customizeValidator({ AjvClass: Ajv2020 });

const FAULTY = ".rjsf-field-error :is(input, select, textarea)";
const WIDGETS = { PasswordWidget };

export function SettingsForm({ slug, plugin, schema, opened, mayChange }: Props) {
  const client = useClient();
  /** What the changes begin with, and its revision. */
  const [base, setBase] = useState(opened);
  const [values, setValues] = useState(opened.effectiveSettings as JsonObject);
  const [errors, setErrors] = useState<ErrorSchema>({});
  const [problem, setProblem] = useState("");
  const [saved, setSaved] = useState("");
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [isUnderWay, setUnderWay] = useState(false);
  const fields = useRef<HTMLDivElement>(null);
  // To the first value that was not accepted, which may be far below.
  useEffect(() => fields.current?.querySelector<HTMLElement>(FAULTY)?.focus(), [errors]);

  async function save(from: SettingsStateFragment, to: JsonObject, patch?: JsonObject) {
    if (isUnderWay) return;
    const settings = patch ?? makePatch(from.effectiveSettings as JsonObject, to);
    setErrors({});
    setProblem("");
    setSaved("");
    if (Object.keys(settings).length === 0) {
      setConflict(null);
      setSaved("Nothing has changed.");
      return;
    }
    setUnderWay(true);
    const input = { customer: slug, plugin, settings, expectedRevision: from.settingsRevision };
    const { data, error } = await client.mutation(SaveSettingsDocument, { input }).toPromise();
    const result = data?.updateCustomerPluginSettings;
    if (error) setProblem(describeError(error));
    else if (result?.__typename === "UpdateCustomerPluginSettingsPayload") accept(result.config, patch && to);
    else if (result?.__typename === "InvalidSettings") refuse(from, to, result.faults);
    else if (result?.__typename === "Conflict") await showConflict(from, to);
    else if (result) setProblem(describeRefusal(result));
    setUnderWay(false);
  }

  function accept(state: SettingsStateFragment, unsaved?: JsonObject) {
    setBase(state);
    // Without the secrets that were typed: they are stored, and never shown again.
    setValues(unsaved ?? (state.effectiveSettings as JsonObject));
    setConflict(null);
    setSaved(unsaved ? "Removed." : "Saved.");
  }

  function refuse(from: SettingsStateFragment, to: JsonObject, faults: Parameters<typeof placeFaults>[0]) {
    // Also where a choice between two versions was refused: it goes on in the form.
    setBase(from);
    setValues(to);
    setConflict(null);
    setErrors(placeFaults(faults));
    const many = faults.length === 1 ? "1 value was" : `${faults.length} values were`;
    setProblem(`Nothing was saved: ${many} not accepted. See below.`);
  }

  async function showConflict(from: SettingsStateFragment, mine: JsonObject) {
    const options = { requestPolicy: "network-only" } as const;
    const { data, error } = await client.query(SettingsDocument, { slug, plugin }, options).toPromise();
    const theirs = data?.customerPluginConfig;
    if (error || !theirs) {
      setProblem(error ? describeError(error) : "This plugin does not exist any more.");
      return;
    }
    const before = from.effectiveSettings as JsonObject;
    setConflict({ theirs, differences: compare(before, mine, theirs.effectiveSettings as JsonObject) });
  }

  function decide({ theirs, differences }: Conflict, choices: ReadonlyMap<string, Choice>) {
    const merged = merge(theirs.effectiveSettings as JsonObject, differences, choices);
    setBase(theirs);
    setValues(merged);
    setConflict(null);
    void save(theirs, merged);
  }

  if (conflict) {
    const [last] = conflict.theirs.settingsHistory?.nodes ?? [];
    return (
      <ConflictChoice
        schema={schema}
        differences={conflict.differences}
        author={last?.actorName ?? "Somebody else"}
        onDecide={(choices) => decide(conflict, choices)}
        onBack={() => setConflict(null)}
      />
    );
  }

  return (
    <div ref={fields} className="settings" aria-busy={isUnderWay}>
      {problem && <Notice kind="error">{problem}</Notice>}
      <p role="status" className="saved">
        {saved}
      </p>
      <Form<Values>
        schema={schema}
        validator={validator}
        formData={values}
        extraErrors={errors}
        translateString={translate}
        widgets={WIDGETS}
        // Ids are those of this dialog alone.
        idPrefix={`settings-${plugin}`}
        noValidate
        noHtml5Validate
        showErrorList={false}
        readonly={!mayChange}
        onChange={({ formData }: IChangeEvent<Values>) => setValues(toJson(formData))}
        onSubmit={({ formData }: IChangeEvent<Values>) => void save(base, toJson(formData))}
      >
        {mayChange ? (
          <button className="primary" aria-disabled={isUnderWay}>
            {isUnderWay ? "Saving …" : "Save"}
          </button>
        ) : (
          <p className="empty">Your role allows to see these settings, not to change them.</p>
        )}
      </Form>
      <SecretList
        schema={schema}
        secrets={base.secretSettings}
        onRemove={mayChange ? (pointer) => void save(base, values, setAt({}, pointer, null)) : undefined}
      />
    </div>
  );
}

function translate(text: TranslatableString, parameters?: string[]): string {
  // rjsf would begin a secret with the text "New Value".
  if (text === TranslatableString.NewStringDefault) return "";
  if (text === TranslatableString.KeyLabel) return "Name";
  return englishStringTranslator(text, parameters);
}

/** As it is sent: rjsf has undefined for what was emptied. */
function toJson(values: Values | undefined): JsonObject {
  return JSON.parse(JSON.stringify(values ?? {})) as JsonObject;
}
