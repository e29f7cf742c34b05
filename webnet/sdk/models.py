"""The two kinds of models that a plugin may have: rows of customers, and rows that are everybody's."""

from webnet.customers.models import Customer, User
from webnet.plugins.tenancy import CustomerOwnedModel, CustomerOwnedQuerySet, ForeignReference, GlobalModel

__all__ = ["Customer", "CustomerOwnedModel", "CustomerOwnedQuerySet", "ForeignReference", "GlobalModel", "User"]
