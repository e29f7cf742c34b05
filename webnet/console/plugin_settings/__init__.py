"""The pages of a plugin's settings: the form, the review of what it changes, conflicts, and the history.

targets         whose settings a page is about, everybody's or one customer's, and the documents for them
changes        what a change does, as people read it
typed_secrets   secrets between two pages: sealed for who typed them
pages           the form, from the first look to the redirect after the change
conflicts       two people have changed the same layer
history         the revisions
reverting       going back to one of them
"""
