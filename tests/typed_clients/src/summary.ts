// What the page says of an answer, with the types that codegen made.
import { useFragment } from "./gql";
import { DeviceItemFragmentDoc, type OverviewQuery, SitesFragmentDoc } from "./gql/graphql";

export function summarize(data: OverviewQuery): string {
  const customer = data.currentCustomer;
  const { sites } = useFragment(SitesFragmentDoc, data);
  const devices = useFragment(DeviceItemFragmentDoc, data.devices?.nodes)?.map(
    (device) => `${device.name} at ${device.site?.name ?? "no site"}`,
  );
  const places = sites?.nodes.map((site) => site.name);
  return `${customer?.name} (${customer?.deviceCount ?? "no"} devices): ${list(devices)}; sites: ${list(places)}`;
}

function list(texts: string[] | undefined): string {
  return texts ? texts.join(", ") || "none" : "not there";
}

/** What does not compile, since the plugins may not be there. */
export function summarizeCarelessly(data: OverviewQuery): unknown {
  const [device] = useFragment(DeviceItemFragmentDoc, data.devices?.nodes) ?? [];
  return [
    // @ts-expect-error A field that a plugin adds to a type of the host.
    data.currentCustomer!.deviceCount.toFixed(),
    // @ts-expect-error A field of the query.
    data.devices.nodes,
    // @ts-expect-error A field in a fragment that needs the plugin.
    useFragment(SitesFragmentDoc, data).sites.nodes,
    // @ts-expect-error A field that one plugin adds to the type of another.
    device!.site.name,
  ];
}
