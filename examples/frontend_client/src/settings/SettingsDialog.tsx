// Reads the settings each time it is opened, and shows them as a form.
import { useCallback, useEffect, useId, useRef, useState } from "react";
import type { RJSFSchema } from "@rjsf/utils";
import { useClient } from "urql";

import { Notice } from "../Notice";
import { SettingsDocument, type SettingsStateFragment } from "../gql/graphql";
import { describeError } from "../words/refusals";
import { SettingsForm } from "./SettingsForm";

interface Props {
  readonly slug: string;
  readonly plugin: string;
  readonly title: string;
  readonly mayChange: boolean;
  readonly onClose: () => void;
}

type Loaded =
  | { is: "loading" }
  | { is: "failed"; why: string }
  | { is: "empty" }
  | { is: "there"; schema: RJSFSchema; state: SettingsStateFragment };

export function SettingsDialog({ slug, plugin, title, mayChange, onClose }: Props) {
  const client = useClient();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [loaded, setLoaded] = useState<Loaded>({ is: "loading" });

  const read = useCallback(async () => {
    setLoaded({ is: "loading" });
    const options = { requestPolicy: "network-only" } as const;
    const { data, error } = await client.query(SettingsDocument, { slug, plugin }, options).toPromise();
    const config = data?.customerPluginConfig;
    if (error) setLoaded({ is: "failed", why: describeError(error) });
    else if (!config) setLoaded({ is: "failed", why: "This plugin does not exist any more." });
    else if (!config.plugin.settingsSchema) setLoaded({ is: "empty" });
    else setLoaded({ is: "there", schema: config.plugin.settingsSchema as RJSFSchema, state: config });
  }, [client, slug, plugin]);

  useEffect(() => void read(), [read]);
  useEffect(() => dialog.current?.showModal(), []);

  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <div className="head">
        <h2 id={id}>Settings of {title}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      {loaded.is === "loading" && <Notice kind="info">Loading …</Notice>}
      {loaded.is === "failed" && (
        <Notice kind="error" onRetry={() => void read()}>
          {loaded.why}
        </Notice>
      )}
      {loaded.is === "empty" && <p className="empty">This plugin has no settings.</p>}
      {loaded.is === "there" && (
        <SettingsForm slug={slug} plugin={plugin} schema={loaded.schema} opened={loaded.state} mayChange={mayChange} />
      )}
    </dialog>
  );
}
