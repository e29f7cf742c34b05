"""How fields, lists, filters, orders and mutations are declared: by the host, and through the SDK by plugins."""
