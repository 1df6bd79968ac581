"""Runs schemathesis against a small demonstration: the strict command, once as each role, then as two peers.

usage: run.py PROGRAM [ROLE...]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).parent
OUT = pathlib.Path("target/schemathesis")
PASSWORD = "a demonstration for machines only"
ROLES = ["admin", "supervisor", "inspector", "manager", "auditor"]
# What ends the caller's own session or changes its own password: tried last, each with logins of its own.
ENDING = "^/api/v1/(auth/logout|me/password|me/second-factor.*|me/sessions/.*)$"
STRICT = """--checks all --mode all --phases coverage,fuzzing --workers 1 --seed 1 --continue-on-failure
    --max-response-time 2 --request-timeout 10 --generation-database none --no-color""".split()
EXAMPLES = os.environ.get("ANLAO_EXAMPLES", "20")


class Server:
    """A demonstration on a free port; it ends with the block."""

    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        city = "demo --institutions 10 --hazards 200 --listen 127.0.0.1:0 --json".split()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANLAO_")}
        environment |= {"ANLAO_DEMO_PASSWORD": PASSWORD, "ANLAO_LOG": "warn"}
        self.log = open(OUT / "server.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [program, *city, "--data-dir", self.folder.name + "/data"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def __enter__(self):
        for line in self.process.stdout:
            if line.startswith("{") and "address" in (said := json.loads(line)):
                return "http://" + said["address"]
        sys.exit(f"the demonstration did not start; see {self.log.name}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


def log_in(base, username):
    body = json.dumps({"username": username, "password": PASSWORD}).encode()
    request = urllib.request.Request(base + "/api/v1/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def run(name, base, arguments, environment=None, config="schemathesis.toml"):
    """One run; tells how it went and returns whether it went well."""
    command = [sys.executable.replace("python", "schemathesis"), "--config-file", str(config), "run"]
    command = [str(pathlib.Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run"]
    log = OUT / f"{name}.txt"
    with open(log, "w", encoding="utf-8") as out:
        code = subprocess.run(
            [*command, f"{base}/api/v1/openapi.json", *arguments, "--max-examples", EXAMPLES],
            env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")} | (environment or {}),
            stdout=out,
            stderr=subprocess.STDOUT,
        ).returncode
    text = log.read_text(encoding="utf-8")
    cases = re.search(r"([\d,]+) generated", text)
    cases = int(cases.group(1).replace(",", "")) if cases else 0
    failures = sum(int(number) for number in re.findall(r"(\d+) (?:unique failures?|errors?)", text))
    failed = failures or int(code != 0 or cases == 0)
    print(f"{name:<24} {cases:>6} cases  {'all as described' if not failed else f'{failed} FAILURES: see {log}'}", flush=True)
    subprocess.run(["scripts/tally", "80", f"API as described: {name}", str(cases), str(failed)], check=True)
    return not failed


def main(program, roles):
    OUT.mkdir(parents=True, exist_ok=True)
    well = True
    with Server(program) as base:
        for role in roles:
            token = log_in(base, role)
            well &= run(role, base, ["-H", f"Authorization: Bearer {token}", *STRICT, "--exclude-path-regex", ENDING], config=HERE / "schemathesis.toml")
    return well


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], sys.argv[2:] or ROLES) else 1)
