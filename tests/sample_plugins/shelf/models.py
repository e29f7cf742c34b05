"""Shelves and the books on them."""

from django.db import models

from webnet.customers.models import Customer


class Shelf(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="shelves")
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="books")
    title = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.title
