# Values that Ansible Vault keeps, for the one host of a run: those of files that are encrypted as a whole are read
# here, and those that are encrypted one by one are tried, so that a password that is missing ends the run before its first
# task. $ONIB_VAULTED names the list of them: src/project/vault/vaulted.ts.
from __future__ import annotations

import os
import sys

from ansible.errors import AnsibleParserError
from ansible.inventory.host import Host
from ansible.plugins.vars import BaseVarsPlugin

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "plugin_utils"))
from onib_vault_list import listed, value_at  # noqa: E402

DOCUMENTATION = """
name: onib_vaulted
short_description: values of encrypted files
description: Gives a host the variables of encrypted files that $ONIB_VAULTED lists.
"""


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
