# Values that Ansible Vault keeps, for the one host of a run: those of files that are encrypted as a whole are read
# here, and those that are encrypted one by one are tried, so that a password that is missing ends the run before its first
# task. $ONIB_VAULTED names the list of them: src/project/vault/vaulted.ts.
from __future__ import annotations

import json
import os

from ansible.errors import AnsibleParserError
from ansible.inventory.host import Host
from ansible.plugins.vars import BaseVarsPlugin

DOCUMENTATION = """
name: onib_vaulted
short_description: values of encrypted files
description: Gives a host the variables of encrypted files that $ONIB_VAULTED lists.
"""


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


class VarsModule(BaseVarsPlugin):
    REQUIRES_ENABLED = True

    def get_vars(self, loader, path, entities, cache=True):
        super().get_vars(loader, path, entities)
        variables = {}
        for entity in entities if isinstance(entities, list) else [entities]:
            if not isinstance(entity, Host):
                continue
            known = listed()
            for file, names in known["files"].items():
                variables.update(self._values_of(loader, file, names))
            for steps in known["values"]:
                try:
                    str(value_at(entity.vars, steps))
                except Exception as error:
                    raise AnsibleParserError(f"onib-vault: variable {steps[0]}: {error}") from None
        return variables

    @staticmethod
    def _values_of(loader, file, names):
        try:
            values = loader.load_from_file(os.path.abspath(file), cache=True)
            return {name: values[name] for name in names}
        except Exception as error:
            raise AnsibleParserError(f"onib-vault: file {file}: {error}") from None
