"""What every page stands in: who looks at which customer, the menu, and the documents that the page runs.

addresses          the addresses of pages, each found once
documents          the GraphQL documents of `webnet/console/documents/`, by name
navigation         the menu: which pages there are, and for whom
paging             the page of a list that an address asks for
page_frame         `Frame`: runs documents as the page's user, remembers them, and renders the page
interrupted_forms  what somebody had typed when their session ended
entry              decorators of views: who is let in, and what is shown if a document fails
"""
