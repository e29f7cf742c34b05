"""The things to do: of the platform, of one's customers, and of one customer.

problems   the pages, and what their buttons do
remedies   what a page offers for each kind of problem
"""
