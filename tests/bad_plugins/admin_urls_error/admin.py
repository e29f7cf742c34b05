"""Pages of the admin, whose addresses can't be made: Django asks for them with those of the host."""

from django.contrib import admin

from admin_urls_error.models import Lamp


@admin.register(Lamp)
class LampAdmin(admin.ModelAdmin):
    def get_urls(self):
        raise LookupError("no addresses")
