"""The ASGI application of a serving process: which thread answers which request, and how it is answered.

application      sets Django up and creates it
router           routes event streams to Django's ASGI handler, all other requests to its WSGI handler
admission        decides which request gets a thread, and when
shares           who a request counts for there, and whose turn is next
client_messages  receives a request's body, and notices that its client has left
django_handlers  Django's handlers, which decode requests as UTF-8 whatever they name
page_streams     sends plugins' pages that are streamed, each on a thread of its own
lifespan         the start and the end of a serving process
draining         how a replaced worker ends without failing requests
types            the types of ASGI
"""
