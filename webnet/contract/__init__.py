"""The contract with clients: what may change in a schema, and when. It needs graphql-core alone, for CI's scripts.

elements      the types, fields, arguments and values of a schema, by place
deprecations  the policy: an element stays for two minor versions, and its reason names the version it is removed in
changes       what has changed between two schemas, and whether it breaks clients
parts         the same for the SDL of one plugin's part, which refers to types that are not in it
releases      the schemas of webnet's releases, as a checkout has them
codes         what each code means, with the texts in refusal_codes and error_codes
versions      the numbers of a version that the policy counts
"""
