# Ansible's events as JSON lines on standard output, read by src/provision/ansible/events.ts.
# One object a line: {"event": "task-start" | "task-end" | "failure" | "stats", ...}.
from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: onib_events
type: stdout
short_description: task events as JSON lines
description: Prints one JSON object a line for each task that starts or ends.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "onib_events"

    def __init__(self):
        super().__init__()
        self._started = {}

    def _emit(self, event, **fields):
        line = json.dumps({"event": event, **fields}, default=str)
        self._display.display(line, log_only=False)

    @staticmethod
    def _place(task):
        path, _, line = (task.get_path() or "").rpartition(":")
        role = task._role.get_name() if task._role else None
        return {
            "task": task.get_name().split(" : ", 1)[-1],
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

    @staticmethod
    def _failure(result):
        # A loop's own message only counts its failed items; the first of them says what happened.
        for item in result.get("results", []):
            if isinstance(item, dict) and item.get("failed"):
                result = item
                break
        if result.get("_ansible_no_log"):
            return {"msg": "the output is hidden: the task has no_log"}
        return {
            key: result.get(key)
            for key in ("msg", "stdout", "stderr", "module_stdout", "module_stderr", "rc", "cmd")
            if result.get(key) not in (None, "")
        }

    def v2_playbook_on_no_hosts_matched(self):
        self._emit("error", message="no host of the inventory matches the play")
