// Which secrets are set; their values never leave webnet.
import type { RJSFSchema } from "@rjsf/utils";

import type { SettingsStateFragment } from "../gql/graphql";
import { titleOf } from "./schemas";

interface Props {
  readonly schema: RJSFSchema;
  readonly secrets: SettingsStateFragment["secretSettings"];
  readonly onRemove?: ((pointer: string) => void) | undefined;
}

export function SecretList({ schema, secrets, onRemove }: Props) {
  const set = secrets.filter(({ isSet }) => isSet);
  if (set.length === 0) return null;
  return (
    <section aria-labelledby="secrets">
      <h3 id="secrets">Secrets that are set</h3>
      <p className="description">They are never shown. To replace one, type a new value above.</p>
      <ul className="secrets">
        {set.map(({ path, updatedAt }) => (
          <li key={path}>
            <span>{titleOf(schema, path)}</span>
            {updatedAt && <time dateTime={updatedAt}>since {new Date(updatedAt).toLocaleString()}</time>}
            {onRemove && (
              <button type="button" aria-label={`Remove ${titleOf(schema, path)}`} onClick={() => onRemove(path)}>
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
