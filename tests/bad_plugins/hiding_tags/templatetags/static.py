"""Has the name of a library of Django's, and would take its place in all templates."""

from django import template

register = template.Library()
