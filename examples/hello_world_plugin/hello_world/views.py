"""The plugin's page: an ordinary Django view, with the customer in `request.webnet`."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hello_world.greeting import make_greeting


class GreetingForm(forms.Form):
    """Whom to greet."""

    name = forms.CharField(max_length=60)


def show_greeting(request: HttpRequest) -> HttpResponse:
    """The greeting, and a form to greet somebody else."""
    form = GreetingForm(request.POST or None)
    if form.is_valid():
        messages.success(request, make_greeting(request.webnet, to=form.cleaned_data["name"]))
        return redirect(request.path)
    return render(request, "hello_world/greeting.html", {"greeting": make_greeting(request.webnet), "form": form})
