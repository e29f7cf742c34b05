"""Removes a plugin's models from Django's registry, and the traces that they left on other models."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.apps import AppConfig, apps
from django.db.models import Model

from webnet.django_internals import discard_pending_operations, expire_relation_caches

Models = frozenset[type[Model]]


def withdraw_models(config: AppConfig) -> None:
    """Remove the app's models, incomplete ones included, so that no check, migration, relation or cascade finds them.

    The registry must be ready for apps (`apps_ready`), and the caller must prevent that they are imported again.
    """
    gone = frozenset(model for model in _list_models() if _belongs(model, config))
    for model in gone:
        _remove_reverse_accessors(model, gone)
        del apps.all_models[model._meta.app_label][str(model._meta.model_name)]
    discard_pending_operations(gone)
    config.models_module = None
    apps.clear_cache()
    expire_relation_caches(_list_models())
    # Signals refer to the receivers of a module that failed to import only weakly: they are gone with the module.
    gc.collect()


def find_dangling(config: AppConfig) -> tuple[str, str] | None:
    """The first model of the app that refers to one that is not in the registry, and the latter's name."""
    for model in apps.all_models[config.label].values():
        for target in _list_targets(model):
            if not _is_registered(target):
                return model._meta.label, target if isinstance(target, str) else target._meta.label
    return None


def _list_models() -> list[type[Model]]:
    return [model for models in apps.all_models.values() for model in models.values()]


def _belongs(model: type[Model], config: AppConfig) -> bool:
    """By label, or by module if a model uses the label of another app."""
    return model._meta.app_label == config.label or apps.get_containing_app_config(model.__module__) is config


def _relations(model: type[Model]) -> Iterator[Any]:
    meta = model._meta
    fields: Iterable[Any] = chain(meta.local_fields, meta.local_many_to_many, meta.private_fields)
    return (field.remote_field for field in fields if field.remote_field is not None)


def _list_targets(model: type[Model]) -> Iterator[Any]:
    """The models that this one refers to: related ones, their `through` models, and those it inherits from."""
    for relation in _relations(model):
        yield relation.model
        through = getattr(relation, "through", None)
        if through is not None:
            yield through
    for base in model.__mro__[1:]:
        meta = getattr(base, "_meta", None)
        if meta is not None and not meta.abstract:
            yield base


def _is_registered(target: Any) -> bool:
    if isinstance(target, str):
        return False
    return apps.all_models[target._meta.app_label].get(target._meta.model_name) is target


def _remove_reverse_accessors(model: type[Model], gone: Models) -> None:
    """Remove what a relation has added to the model at its other end, such as `customer.device_set`."""
    for relation in _relations(model):
        if isinstance(relation.model, str) or relation.model in gone:
            continue
        target, accessor = relation.model._meta.concrete_model, relation.get_accessor_name()
        if accessor and accessor in vars(target):
            delattr(target, accessor)
            _restore(target, accessor, gone)


def _restore(target: type[Model], name: str, gone: Models) -> None:
    """Restore what the accessor had replaced: a field of the model itself, or the accessor of a model that stays."""
    meta: Any = target._meta
    for field in meta.local_fields:
        if name == field.attname:
            setattr(target, name, field.descriptor_class(field))
        elif name == field.name:
            setattr(target, name, field.forward_related_accessor_class(field))
    for model in _list_models():
        for relation in _relations(model) if model not in gone else ():
            if relation.model is target and relation.get_accessor_name() == name:
                relation.field.contribute_to_related_class(target, relation)
