#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The house rules that a program can check.

    layers_test.py ROOT         checks the tree, one "file:line: what" a fault
    layers_test.py --self-test  checks that each rule catches what it is for

The layers are the table in docs/architecture.md; its last column is closed transitively.
"""
import re
import sys
import tempfile
from pathlib import Path

MAX_LINES = 500
SPDX = "// SPDX-License-Identifier: GPL-2.0-or-later"

# Third-party headers, and the only files or folders (ending in /) of src/ that may include them.
# The first pattern that fits decides.
FAMILIES = [
    (r"libnftnl/|libmnl/", ["backend/nft/netlink/"]),
    (r"libnetfilter_", ["backend/nft/netlink/"]),
    # What a match of xtables is made of, for the rows whose answer is the kernel's.
    (r"linux/netfilter/ipset/", ["net/ip_set.cpp"]),
    (r"linux/netfilter(/(xt_|nf_conntrack_)|_ipv4/ipt_|_ipv6/ip6t_)", ["backend/nft/", "ext/"]),
    (r"linux/netfilter", ["backend/nft/"]),
    (r"zstd\.h", ["backend/nft/", "host/"]),
    (r"CLI/", ["app/"]),
    (r"nlohmann/", ["app/"]),
    (r"toml\+\+/|toml\.hpp", ["app/", "policy/"]),
    (r"fmt/", [""]),
    # The C library's and the kernel's own folders.
    (r"(sys|net|netinet|netpacket|arpa|linux|asm|bits)/", [""]),
    (r"[^/]*$", [""]),
]
GENERATED = {"ext/rows.inc"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def read_table(path):
    """folder -> folders it may include, itself and what they include too among them."""
    rows, inside = {}, False
    for line in path.read_text().splitlines():
        if line.strip() in ("<!-- layers -->", "<!-- /layers -->"):
            inside = line.strip() == "<!-- layers -->"
        elif inside and line.startswith("|"):
            cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            if len(cells) == 3 and not re.fullmatch(r"[-: ]+", cells[0]):
                rows[cells[0]] = cells[2]
    rows.pop("folder in src/", None)
    if not rows:
        raise SystemExit(f"{path}: no table between <!-- layers --> and <!-- /layers -->")

    direct = {}
    for folder, text in rows.items():
        every = re.fullmatch(r"all but (.+)", text)
        names = [n.strip().strip("`") for n in (every[1] if every else text).split(",")]
        unknown = [n for n in names if n not in rows and n not in ("std", "fmt")]
        if unknown:
            raise SystemExit(f"{path}: row {folder} names {', '.join(unknown)}, which has no row")
        direct[folder] = set(rows) - set(names) - {folder} if every else set(names) & set(rows)

    def close(folder, above):
        if folder in above:
            raise SystemExit(f"{path}: a circle: {' -> '.join(above + [folder])}")
        return {folder}.union(*(close(below, above + [folder]) for below in direct[folder]))

    return {folder: close(folder, []) for folder in direct}


def layer_of(table, path):
    """The longest row that is a folder of this path; None if there is none."""
    return max((row for row in table if path.startswith(row + "/")), key=len, default=None)


def check_include(table, src, name, bracket, header):
    if bracket == "<":
        if layer_of(table, header) and (src / header).exists():
            return f'our own header: #include "{header}"'
        for pattern, places in FAMILIES:
            if re.match(pattern, header):
                if any(name == place or name.startswith(place) for place in places):
                    return None
                return f"<{header}> belongs in src/{' or src/'.join(places)} only"
        return f"<{header}> is of no family that tests/house/layers_test.py knows"
    if header in GENERATED:
        pass
    elif not (src / header).is_file():
        return f'"{header}" is not a file in src/ (paths start there)'
    own, other = layer_of(table, name), layer_of(table, header)
    if own and other and other not in table[own]:
        return f'{own} may not include {other} ("{header}")'
    return None


def check_file(table, src, path, name):
    lines = path.read_text(errors="replace").splitlines()
    if not lines or lines[0] != SPDX:
        yield 1, f"the first line must be: {SPDX}"
    if len(lines) > MAX_LINES:
        yield MAX_LINES + 1, f"{len(lines)} lines; split it ({MAX_LINES} at most)"
    if not re.fullmatch(r"[a-z0-9_]+\.(cpp|h)", path.name):
        yield 1, "a file's name is snake_case.cpp or .h"
    if name is None:
        return
    if layer_of(table, name) is None:
        yield 1, "is in no folder that docs/architecture.md names"
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            fault = check_include(table, src, name, include[1], include[2])
            if fault:
                yield number, fault


def check_folders(table, src):
    """Every folder of src/ has a row; so has every folder beside those of a deeper row."""
    parents = {""} | {row.rpartition("/")[0] for row in table}
    for folder in sorted(p for p in src.rglob("*") if p.is_dir()):
        name = folder.relative_to(src).as_posix()
        if name.rpartition("/")[0] in parents and name not in table and name not in parents:
            yield folder, f"src/{name} has no row in docs/architecture.md"


def check(root):
    table, src = read_table(root / "docs/architecture.md"), root / "src"
    faults = [f"{folder.relative_to(root)}:1: {what}" for folder, what in check_folders(table, src)]
    for top in (src, root / "tests"):
        for path in sorted(p for p in top.rglob("*") if p.suffix in (".cpp", ".h", ".cc", ".hpp")):
            name = path.relative_to(src).as_posix() if top == src else None
            for number, what in check_file(table, src, path, name):
                faults.append(f"{path.relative_to(root)}:{number}: {what}")
    return faults


def self_test():
    table = """<!-- layers -->
| folder in src/ | what lives there | may include |
|---|---|---|
| core | - | std, fmt |
| net | - | core |
| set | - | net |
| ext | - | net |
| backend | - | set |
| backend/nft | - | backend |
| app | - | all but lab |
| lab | - | app |
<!-- /layers -->
"""
    good = {"core/a.h": "#include <string>\n#include <fmt/format.h>\n", "net/a.h": "", "set/a.h": "",
            "ext/a.h": '#include "core/a.h"\n#include "ext/rows.inc"\n', "app/a.h": "", "lab/a.h": "",
            "ext/match/b.cpp": '#include "net/a.h"\n#include "ext/a.h"\n',
            "backend/a.h": '#include "set/a.h"\n', "backend/nft/a.h": '#include "core/a.h"\n',
            "backend/nft/netlink/a.cpp": "#include <libmnl/libmnl.h>\n",
            "app/a.cpp": '#include "backend/nft/a.h"\n#include <CLI/CLI.hpp>\n',
            "lab/a.cpp": '#include "app/a.h"\n#include "core/a.h"\n'}
    bad = [  # file, text, what the fault says
        ("core/b.cpp", '#include "net/a.h"\n', "core/b.cpp:2: core may not include net"),
        ("ext/b.cpp", '#include "set/a.h"\n', "ext may not include set"),
        ("backend/b.cpp", '#include "backend/nft/a.h"\n', "backend may not include backend/nft"),
        ("app/b.cpp", '#include "lab/a.h"\n', "app may not include lab"),
        ("app/b.cpp", '#include "a.h"\n', "not a file in src/"),
        ("app/b.cpp", "#include <core/a.h>\n", "our own header"),
        ("app/b.cpp", "#include <libmnl/libmnl.h>\n", "belongs in src/backend/nft/netlink/"),
        ("backend/nft/b.cpp", "#include <libnftnl/rule.h>\n", "belongs in src/backend/nft/netlink/"),
        ("net/b.cpp", "#include <linux/netfilter/nf_tables.h>\n", "belongs in src/backend/nft/"),
        ("net/b.cpp", "#include <linux/netfilter/xt_mac.h>\n", "belongs in src/backend/nft/ or src/ext/"),
        ("net/b.cpp", "#include <linux/netfilter_ipv6/ip6t_rt.h>\n", "belongs in src/backend/nft/ or src/ext/"),
        ("lab/b.cpp", "#include <nlohmann/json.hpp>\n", "belongs in src/app/"),
        ("net/b.cpp", "#include <boost/any.hpp>\n", "no family"),
        ("net/b.cpp", "\n" * 500, "split it"),
        ("report/b.cpp", "", "src/report has no row"),
        ("backend/xdp/b.cpp", "", "src/backend/xdp has no row"),
        ("net/BadName.cpp", "", "snake_case"),
    ]
    failed = 0
    for name, text, expected in [("", "", None)] + bad:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for file, content in {**good, **({name: text} if name else {})}.items():
                path = root / "src" / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{SPDX}\n{content}")
            (root / "docs").mkdir()
            (root / "docs/architecture.md").write_text(table)
            faults = check(root)
            ok = any(expected in f for f in faults) if expected else not faults
            if not ok:
                failed += 1
                print(f"{name} {text!r}: expected {expected!r}, got {faults}")
    print(f"{len(bad) + 1 - failed} of {len(bad) + 1} as expected")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    faults = check(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(faults) if faults else "the house is in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
