"""A client of webnet: reports which plugins each customer has, and follows what happens; `client` is generated."""
