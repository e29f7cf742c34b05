"""Documents of clients, right and wrong ones, for the example plugins: `site_map` needs `device_inventory`."""

from __future__ import annotations

DEVICES = '@ifPlugin(name: "device_inventory")'
SITES = '@ifPlugin(name: "site_map")'
UNGUARDED = "UNGUARDED_PLUGIN_FIELD"
HOST = "GUARDED_HOST_FIELD"

RIGHT = {
    "the host's alone": "{ viewer { user { username } } }",
    "a root field": f"{{ devices {DEVICES} {{ nodes {{ name }} }} }}",
    "a plugin that needs the field's": f"{{ devices {SITES} {{ nodes {{ name site {{ name }} }} }} }}",
    "several plugins": f'{{ devices {SITES} @ifPlugin(name: "reachability") {{ nodes {{ reachability {{ id }} }} }} }}',
    "one within another": f"{{ devices {DEVICES} {{ nodes {{ name site {SITES} {{ name }} }} }} }}",
    "a field of the host's type": f'{{ customer(slug: "acme") {{ name deviceCount {DEVICES} }} }}',
    "an inline fragment": f"{{ ... {SITES} {{ devices {{ nodes {{ name }} }} }} }}",
    "a type condition": f'{{ node(id: "x") {{ id ... on Site {SITES} {{ name }} }} }}',
    "a block string": '{ devices @ifPlugin(name: """device_inventory""") { totalCount } }',
    "a guarded spread": f'{{ node(id: "x") {{ ...Name {SITES} }} }} fragment Name on Site {{ name }}',
    "a guarded definition": f'{{ node(id: "x") {{ ...Name }} }} fragment Name on Site {SITES} {{ name }}',
    "a spread in a guarded field": f"{{ devices {DEVICES} {{ nodes {{ ...A }} }} }} fragment A on Device {{ name }}",
    "a spread through another": f"""
        {{ devices {SITES} {{ nodes {{ ...Outer }} }} }}
        fragment Outer on Device {{ ...Inner }}
        fragment Inner on Device {{ site {{ name }} }}
    """,
    "variables of the plugin": f"""
        query($filter: DeviceFilter, $order: [DeviceOrder!] = [{{ field: NAME }}]) {{
            devices(filter: $filter, order: $order) {DEVICES} {{ totalCount }}
        }}
    """,
    "a mutation": f"""
        mutation($input: CreateDeviceInput!) {{
            createDevice(input: $input) {DEVICES} {{ ... on CreateDevicePayload {{ device {{ id }} }} }}
        }}
    """,
    "a subscription": 'subscription { reachability @ifPlugin(name: "reachability") { outcome } }',
    "a plugin without fields": '{ viewer { ... @ifPlugin(name: "hello_world") { __typename } user { username } } }',
    "a field of the host that is also selected outside": f"""
        query {{
            currentCustomer {{ id name ...Count {DEVICES} }}
            customers {{ nodes {{ ... on Node {{ id }} ...Count {DEVICES} }} }}
        }}
        fragment Count on Customer {{ id deviceCount }}
    """,
    "a field of the host's object in two places": f"""
        {{ currentCustomer {{ name }} ... on Query {{ currentCustomer {{ ... {DEVICES} {{ name deviceCount }} }} }} }}
    """,
    "fields of the host below the plugin's": f"""
        {{
            devices {SITES} {{
                pageInfo {{ ...Page {DEVICES} }}
                nodes {{ ... on Node {DEVICES} {{ id }} }}
            }}
        }}
        fragment Page on PageInfo {{ hasNextPage ... {SITES} {{ hasPreviousPage }} }}
    """,
    "a mutation of the host": """
        mutation {
            syncPlugins(input: {}) @ifPlugin(name: "hello_world") { ... on SyncPluginsPayload { added { name } } }
        }
    """,
}

# Each with all its faults: the line, the column, the code and a part of the message.
WRONG = {
    "a root field": ("{ devices { totalCount } }", [(1, 3, UNGUARDED, "'Query.devices' exists only with")]),
    "a mutation": (
        'mutation { deleteSite(input: { id: "x" }) { __typename } }',
        [(1, 12, UNGUARDED, "'Mutation.deleteSite'")],
    ),
    "a subscription": (
        "subscription { reachability { outcome } }",
        [(1, 16, UNGUARDED, "'Subscription.reachability'")],
    ),
    "a field of the host's type": (
        '{\n  customer(slug: "acme") {\n    deviceCount\n  }\n}',
        [(3, 5, UNGUARDED, "'Customer.deviceCount' exists only with the plugin 'device_inventory'")],
    ),
    "a field of another plugin's type": (
        f"{{ devices {DEVICES} {{ nodes {{ site {{ name }} }} }} }}",
        [(1, 57, UNGUARDED, "'Device.site' exists only with the plugin 'site_map'")],
    ),
    "a guard below the field": (
        f"{{ devices {{ nodes {DEVICES} {{ name }} }} }}",
        [(1, 3, UNGUARDED, "'Query.devices'")],
    ),
    "another plugin's guard": (
        '{ devices @ifPlugin(name: "shelf") { totalCount } }',
        [(1, 3, UNGUARDED, "'Query.devices'")],
    ),
    "a guard below the field, around what is the host's": (
        f"{{ devices {{ pageInfo {{ ... {DEVICES} {{ hasNextPage }} }} }} }}",
        [(1, 3, UNGUARDED, "'Query.devices'")],
    ),
    "a guard by what the plugin is needed by": (
        f"{{ sites {DEVICES} {{ totalCount }} }}",
        [(1, 3, UNGUARDED, "'Query.sites' exists only with the plugin 'site_map'")],
    ),
    "a type condition": (
        '{ node(id: "x") { ... on Site { name placements { totalCount } } } }',
        [(1, 26, "UNGUARDED_PLUGIN_TYPE", "'Site'")],
    ),
    "one of two spreads": (
        f'query A {{ node(id: "x") {{ ...Name {SITES} }} }}\n'
        'query B { node(id: "x") { ...Name } }\nfragment Name on Site { name }',
        [(3, 18, "UNGUARDED_PLUGIN_TYPE", "put it under @ifPlugin(name: \"site_map\"), or '...Name' at {file}:2:27.")],
    ),
    "a fragment of the host's type": (
        "{ customers { nodes { ...Count } } }\nfragment Count on Customer { deviceCount }",
        [(2, 30, UNGUARDED, "'Customer.deviceCount'")],
    ),
    "variables in an unguarded field": (
        "query($filter: DeviceFilter) { devices(filter: $filter) { totalCount } }",
        [(1, 32, UNGUARDED, "'Query.devices'")],
    ),
    "a typo": (
        '{ sites @ifPlugin(name: "sitemap") { totalCount } }',
        [(1, 25, "UNKNOWN_PLUGIN", "There is no plugin 'sitemap' here. Did you mean 'site_map'?")],
    ),
    "a plugin that is not here": (
        '{ viewer @ifPlugin(name: "billing_by_the_hour") { user { username } } }',
        [(1, 26, "UNKNOWN_PLUGIN", "There is no plugin 'billing_by_the_hour' here.")],
    ),
    "a name in a variable": (
        "query($name: String!) { viewer @ifPlugin(name: $name) { user { username } } }",
        [(1, 48, "PLUGIN_NAME_NOT_LITERAL", "is a literal")],
    ),
    "a field of the host": (
        f"{{ viewer {DEVICES} {{ user {{ username }} }} }}",
        [(1, 3, HOST, "'Query.viewer' belongs to the host, and here it is null without 'device_inventory'")],
    ),
    "a field of the host beside the plugin's": (
        f"{{ currentCustomer {{ ... {SITES} {{ __typename name deviceCount }} }} }}",
        [(1, 66, HOST, "'Customer.name' belongs to the host, and here it is null without 'site_map'")],
    ),
    "a field of the host that may be null": (
        f"{{ plugins {{ nodes {{ ... {SITES} {{ homepage }} }} }} }}",
        [(1, 55, HOST, "'Plugin.homepage'")],
    ),
    "an interface of the host": (
        f'{{ node(id: "x") {{ __typename ...Id {SITES} }} }} fragment Id on Node {{ id ... on Site {{ name }} }}',
        [(1, 90, HOST, "'Node.id'")],
    ),
    "a fragment whose definition is guarded": (
        f"{{ currentCustomer {{ ...Part }} }}\nfragment Part on Customer {SITES} {{ name deviceCount }}",
        [(2, 57, HOST, "'Customer.name'")],
    ),
    "a guarded spread of a fragment in another": (
        f"{{ currentCustomer {{ ...Outer {DEVICES} }} }}\n"
        "fragment Outer on Customer { ...Inner deviceCount }\nfragment Inner on Customer { name }",
        [(3, 30, HOST, "'Customer.name'")],
    ),
    "a field of the host of which only one of two spreads is guarded": (
        f"query A {{ currentCustomer {{ ...Name }} }}\nquery B {{ currentCustomer {{ ...Name {SITES} }} }}\n"
        "fragment Name on Customer { name }",
        [(3, 29, HOST, "'Customer.name'")],
    ),
    "a key that is outside for another type": (
        f'{{ node(id: "x") {{ ... on User {{ name }} ... on Customer {SITES} {{ name }} }} }}',
        [(1, 86, HOST, "'Customer.name'")],
    ),
    "below another plugin's field": (
        f'{{ devices {DEVICES} {{ pageInfo {{ hasNextPage @ifPlugin(name: "shelf") }} }} }}',
        [(1, 60, HOST, "it is null without 'shelf'")],
    ),
    "a guard without a name": (
        "{ viewer @ifPlugin { user { username } } }",
        [(1, 10, "INVALID_DOCUMENT", "'@ifPlugin(name:)' of type 'String!' is required")],
    ),
    "a guard on an operation": (
        f"query {SITES} {{ viewer {{ user {{ username }} }} }}",
        [(1, 7, "INVALID_DOCUMENT", "may not be used on query")],
    ),
    "a field that is not there": (
        "{ viewer { user { usrname } } }",
        [(1, 19, "INVALID_DOCUMENT", "Cannot query field 'usrname' on type 'User'. Did you mean 'username'")],
    ),
    "a field that a guarded part lacks": (
        f"{{ sites {SITES} {{ nodes {{ nam }} }} }}",
        [(1, 47, "INVALID_DOCUMENT", "Cannot query field 'nam' on type 'Site'")],
    ),
    "a fragment that nobody uses": (
        "{ viewer { user { id } } }\nfragment Unused on User { id }",
        [(2, 1, "INVALID_DOCUMENT", "Fragment 'Unused' is never used.")],
    ),
    "a syntax error": ("{ viewer {\n  user { id }\n", [(3, 1, "SYNTAX_ERROR", "Expected Name, found <EOF>")]),
    "a name twice": (
        "query A { viewer { user { id } } }\nquery A { viewer { user { id } } }",
        [(2, 7, "DUPLICATE_NAME", "The operation 'A' exists already, at {file}:1:1: rename one of them.")],
    ),
    "an operation without a name beside others": (
        "{ viewer { user { id } } }\nquery A { viewer { user { id } } }",
        [(1, 1, "INVALID_DOCUMENT", "must have a name")],
    ),
}
