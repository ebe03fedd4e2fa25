# The list of what Ansible Vault keeps, which $ONIB_VAULTED names: src/project/vault/vaulted.ts.
# Ansible loads each plugin by its file, so they find this module through their own place.
from __future__ import annotations

import json
import os


def listed():
    """What is vaulted: {"files": {<path within the project>: [<name>]}, "values": [[<name>, <key or index>, ...]]}."""
    path = os.environ.get("ONIB_VAULTED")
    if not path:
        return {"files": {}, "values": []}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def value_at(variables, steps):
    value = variables
    for step in steps:
        value = value[step]
    return value
