#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `cmake --install` puts below DESTDIR: the boot that the unit promises can be done.

install_test.py CMAKE BUILD_FOLDER PREFIX
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PERSONALITIES = [family + tool for family in ("iptables", "ip6tables") for tool in ("", "-save", "-restore")]


def install(cmake, build, root):
    subprocess.run([cmake, "--install", build], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": str(root)})


def faults(root, prefix):
    there = lambda path: root / path.lstrip("/")
    unit = there(f"{prefix}/lib/systemd/system/bulkhead.service").read_text()
    command = re.search(r"^ExecStart=(\S+) boot$", unit, re.M)
    if not command:
        yield "the unit doesn't boot"
    else:
        program = there(command[1])
        if not os.access(program, os.X_OK):
            yield f"the unit runs {command[1]}, which isn't there"
        for name in PERSONALITIES:
            link = there(f"{prefix}/lib/bulkhead/{name}")
            if not link.is_symlink() or link.resolve() != program.resolve():
                yield f"{name} doesn't lead to {command[1]}"
            elif "bulkhead" not in subprocess.run([link, "--version"], capture_output=True, text=True).stdout:
                yield f"{name} doesn't run"
    if not there(f"{prefix}/share/man/man8/bulkhead.8").is_file():
        yield "no manual page"
    for name in ("bulkhead.toml", "bulkhead.cron"):
        if not there(f"{prefix}/share/doc/bulkhead/{name}").is_file():
            yield f"no {name} to look at"


def main(cmake, build, prefix):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        install(cmake, build, root)
        found += faults(root, prefix)
        config = root / "etc/bulkhead/bulkhead.toml"
        config.write_text("mine\n")  # also: there was one
        install(cmake, build, root)
        if config.read_text() != "mine\n":
            found.append("a second installation replaces the configuration")
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
