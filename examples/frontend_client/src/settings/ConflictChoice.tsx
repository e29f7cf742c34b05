// Both versions of what two people have changed, one beside the other, with a choice for each value.
import type { RJSFSchema } from "@rjsf/utils";
import { useId, useState } from "react";

import { Notice } from "../Notice";
import type { Choice, Difference } from "./conflicts";
import type { Json } from "./pointers";
import { describeValue, isSecret, titleOf } from "./schemas";

interface Props {
  readonly schema: RJSFSchema;
  readonly differences: readonly Difference[];
  /** Who has saved the other version. */
  readonly author: string;
  readonly onDecide: (choices: ReadonlyMap<string, Choice>) => void;
  /** Back to the form, with nothing saved. */
  readonly onBack: () => void;
}

export function ConflictChoice({ schema, differences, author, onDecide, onBack }: Props) {
  const id = useId();
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(
    () => new Map(differences.flatMap(({ pointer, suggestion }) => (suggestion ? [[pointer, suggestion]] : []))),
  );
  const isDecided = differences.every(({ pointer }) => choices.has(pointer));

  function show(pointer: string, value: Json | undefined, choice: Choice): string {
    if (!isSecret(schema, pointer)) return describeValue(value);
    return choice === "mine" ? "a new secret" : "the secret as it is stored";
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isDecided) onDecide(choices);
      }}
    >
      <Notice kind="error">
        {author} has changed these settings since you opened them. Nothing of yours was saved yet.
      </Notice>
      {differences.length === 0 && <p className="empty">Both versions are the same.</p>}
      {differences.map(({ pointer, mine, theirs }, index) => (
        <fieldset key={pointer} className="difference">
          <legend>{titleOf(schema, pointer)}</legend>
          {(["mine", "theirs"] as const).map((choice) => (
            <label key={choice} htmlFor={`${id}-${index}-${choice}`}>
              <input
                id={`${id}-${index}-${choice}`}
                type="radio"
                name={`${id}-${index}`}
                checked={choices.get(pointer) === choice}
                onChange={() => setChoices(new Map(choices).set(pointer, choice))}
              />
              <span className="whose">{choice === "mine" ? "Yours" : `Saved by ${author}`}</span>{" "}
              <span className="value">{show(pointer, choice === "mine" ? mine : theirs, choice)}</span>
            </label>
          ))}
        </fieldset>
      ))}
      <div className="actions">
        <button className="primary" disabled={!isDecided}>
          Save these choices
        </button>
        <button type="button" onClick={onBack}>
          Back to the form
        </button>
      </div>
    </form>
  );
}
