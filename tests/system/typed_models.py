# SPDX-License-Identifier: Apache-2.0
"""Checks an object of KServe against the classes of KServe's own Python client.

The client's constructors would pass over fields that they do not know; here those are errors, as
are values of another type and fields that are missing.
"""

from __future__ import annotations

import re

import kserve.models
import kubernetes.client.models

PRIMITIVES = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object,
              "ResourceQuantity": (str, int), "IntstrIntOrString": (str, int)}


def errors(kind: str, value: object, path: str = "") -> list[str]:
    """What is wrong with `value` as a `kind`: "V1beta1InferenceService", "list[str]", ..."""
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [error for i, item in enumerate(value)
                for error in errors(match[1], item, f"{path}[{i}]")]
    if match := re.fullmatch(r"dict\(str, (.*)\)|Dict\[str, (.*)\]", kind):
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no mapping"]
        return [error for key, item in value.items()
                for error in errors(match[1] or match[2], item, f"{path}.{key}")]
    if kind in PRIMITIVES:
        good = isinstance(value, PRIMITIVES[kind]) and (kind != "int" or not isinstance(value, bool))
        return [] if good else [f"{path}: {value!r} is no {kind}"]
    return _model_errors(_model(kind), value, path)


def _model(kind: str) -> type:
    for module in (kserve.models, kubernetes.client.models):
        if hasattr(module, kind):
            return getattr(module, kind)
    raise LookupError(f"no client has a class {kind}")


def _model_errors(model: type, value: object, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no {model.__name__}"]
    attributes = {key: attribute for attribute, key in model.attribute_map.items()}
    found = []
    for key, item in value.items():
        if key not in attributes:
            found.append(f"{path}.{key}: {model.__name__} has no such field")
        else:
            found += errors(model.openapi_types[attributes[key]], item, f"{path}.{key}")
    if not found:
        try:
            model(**{attributes[key]: item for key, item in value.items()})
        except ValueError as error:  # a field that must be there
            found.append(f"{path}: {error}")
    return found
