"""The base classes of plugins' models: rows of one customer, or rows that all customers share."""

from webnet.customers.models import Customer, User
from webnet.plugins.tenancy import CustomerOwnedModel, CustomerOwnedQuerySet, ForeignReference, GlobalModel

__all__ = ["Customer", "CustomerOwnedModel", "CustomerOwnedQuerySet", "ForeignReference", "GlobalModel", "User"]
