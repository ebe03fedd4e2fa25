# group_vars and host_vars as Ansible reads them, with a mark in place of every value of a file that is encrypted as a
# whole. onib asks for the inventory through it: what Ansible Vault keeps secret stays in Ansible.
# The mark is read by src/project/vault/vaulted.ts.
from __future__ import annotations

import hashlib
import os

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.vars.host_group_vars import VarsModule as HostGroupVars

DOCUMENTATION = """
name: onib_host_group_vars
short_description: group_vars and host_vars without what is encrypted
description: As host_group_vars, with a mark in place of each value of an encrypted file.
"""


try:
    # From ansible-core 2.19 on, ansible-inventory writes other text as unsafe.
    from ansible.template import trust_as_template as plain
except ImportError:
    plain = str


class MarkingLoader:
    """Ansible's loader of files, but for encrypted ones."""

    def __init__(self, loader):
        self._loader = loader

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def load_from_file(self, file_name, *args, **options):
        with open(file_name, "rb") as file:
            content = file.read()
        if not content.startswith(b"$ANSIBLE_VAULT;"):
            return self._loader.load_from_file(file_name, *args, **options)
        # onib runs Ansible in the project: a path within it is the same wherever the project lies.
        path = os.path.relpath(to_text(file_name))
        try:
            values = self._loader.load_from_file(file_name, *args, **options)
        except Exception as error:
            raise AnsibleParserError(f"onib-vault: file {path}: {error}") from None
        mark = {"file": plain(path), "digest": plain(hashlib.sha256(content).hexdigest())}
        return {
            str(name): {"__onib_vaulted": {**mark, "template": "{{" in str(value) or "{%" in str(value)}}
            for name, value in (values or {}).items()
        }


class VarsModule(HostGroupVars):
    REQUIRES_ENABLED = True

    def get_vars(self, loader, path, entities, cache=True):
        return super().get_vars(MarkingLoader(loader), path, entities, cache)
