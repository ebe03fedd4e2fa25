# Ansible's events as JSON lines on standard output, read by src/provision/ansible/events.ts.
# What a task hides with no_log, and values that Ansible Vault keeps, are in none of them.
# One object a line: {"event": "task-start" | "task-end" | "failure" | "stats", ...}.
from __future__ import annotations

import json
import os
import sys
import time

from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, "plugin_utils"))
from onib_vault_list import listed, value_at  # noqa: E402

DOCUMENTATION = """
name: onib_events
type: stdout
short_description: task events as JSON lines
description: Prints one JSON object a line for each task that starts or ends.
"""


MASK = "********"
# Shorter values stand in many texts that are no secret.
SHORTEST = 4


def texts_of(value):
    """Every text in a value: whole, as it stands in JSON, and line by line."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return {text for inner in value for text in texts_of(inner)}
    text = str(value)
    forms = {text, text.strip(), json.dumps(text)[1:-1], *(line.strip() for line in text.splitlines())}
    return {form for form in forms if len(form) >= SHORTEST}


def secrets_of(play, known):
    """Every encrypted value of the play's host, and what templates in it make."""
    manager = play.get_variable_manager()
    paths = known["values"] + [[name] for names in known["files"].values() for name in names]
    secrets = set()
    for host in manager._inventory.get_hosts():
        variables = manager.get_vars(play=play, host=host)
        templar = Templar(loader=play.get_loader(), variables=variables)
        for path in paths:
            value = value_at(variables, path)
            secrets.update(texts_of(value))
            try:
                secrets.update(texts_of(templar.template(value)))
            except AnsibleError:
                # It names what only a task knows.
                continue
    return secrets


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "onib_events"

    def __init__(self):
        super().__init__()
        self._started = {}
        self._secrets = []
        self._hides_all = False
        # Events are masked field by field, so that their own words and the paths of roles stay what they are.
        self._tell = self._display.display

    def _emit(self, event, status=None, file=None, **fields):
        line = {"event": event, **({} if status is None else {"status": status}), "file": file}
        for key, value in fields.items():
            # The names within a result are Ansible's.
            inner = value.items() if key == "result" else None
            line[key] = self._masked(value) if inner is None else {name: self._masked(one) for name, one in inner}
        self._tell(json.dumps(line), log_only=False)

    def _masked(self, value):
        if isinstance(value, dict):
            return {str(self._masked(key)): self._masked(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self._masked(inner) for inner in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for secret in self._secrets:
            value = value.replace(secret, MASK)
        return value

    def v2_playbook_on_play_start(self, play):
        known = listed()
        if not known["files"] and not known["values"]:
            return
        try:
            self._secrets = sorted(secrets_of(play, known), key=len, reverse=True)
        except Exception:
            # A password that is missing ends the run; should it go on, nothing is told that might hold a secret.
            self._hides_all = True
        # Ansible's own warnings and errors do not come through here.
        display = self._display.display
        self._display.display = lambda msg, *more, **options: display(self._masked(msg), *more, **options)

    def _place(self, task):
        path, _, line = (task.get_path() or "").rpartition(":")
        role = task._role.get_name() if task._role else None
        name = task.get_name()
        if task.no_log or self._hides_all:
            # As it is written: Ansible has filled in the variables that the name holds.
            written = task.get_ds() or {}
            name = written.get("name") or task.action
        return {
            "task": str(name).split(" : ", 1)[-1],
            "role": os.path.basename(role) if role else None,
            "file": path or None,
            "line": int(line) if line.isdigit() else None,
        }

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._started[task._uuid] = time.monotonic()
        self._emit("task-start", **self._place(task))

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def _end(self, status, ended, **more):
        task = ended._task
        seconds = time.monotonic() - self._started.get(task._uuid, time.monotonic())
        self._emit("task-end", status=status, seconds=round(seconds, 3), **self._place(task), **more)

    def v2_runner_on_ok(self, result):
        self._end("changed" if result._result.get("changed") else "ok", result)

    def v2_runner_on_skipped(self, result):
        self._end("skipped", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        status = "ignored" if ignore_errors else "failed"
        self._end(status, result, result=self._failure(result._result))

    def v2_runner_on_unreachable(self, result):
        self._end("failed", result, result=self._failure(result._result))

    def _failure(self, result):
        # A loop's own message only counts its failed items; the first of them says what happened.
        for item in result.get("results", []):
            if isinstance(item, dict) and item.get("failed"):
                result = item
                break
        if self._hides_all:
            return {"msg": "the output is hidden: it may hold encrypted values that cannot be read here"}
        if result.get("_ansible_no_log") or "censored" in result:
            return {"msg": "the output is hidden: the task has no_log"}
        return {
            key: result.get(key)
            for key in ("msg", "stdout", "stderr", "module_stdout", "module_stderr", "rc", "cmd")
            if result.get(key) not in (None, "")
        }

    def v2_playbook_on_no_hosts_matched(self):
        self._emit("error", message="no host of the inventory matches the play")
