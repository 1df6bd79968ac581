"""Compares the API of a small running demonstration with its own description, as schemathesis sees both.

Once as each role; then the operations that end the caller's own session, each with a session to lose; then two
inspectors of different counties, of whom neither may get what the other's county owns. At the end the server must
still be there, have logged no fault, and leave records that verify.

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
OUT = pathlib.Path("target/schemathesis").absolute()
SCHEMATHESIS = pathlib.Path(sys.executable).absolute().with_name("schemathesis")
PASSWORD = "a demonstration for machines only"
ROLES = ["admin", "supervisor", "inspector", "manager", "auditor"]
# End the caller's own session, or change what it logs in with.
ENDING = ["auth/logout", "me/password", "me/second-factor", "me/second-factor/confirmation", "me/second-factor/proof", "me/sessions/{id}"]
# One worker: two at once trip over a fault of Python 3.11 in hypothesis ("AST constructor recursion depth mismatch").
COMMON = "--workers 1 --seed 1 --generation-database none --request-timeout 10 --no-color".split()
STRICT = "--checks all --mode all --phases coverage,fuzzing --continue-on-failure --max-response-time 2".split()
EXAMPLES = os.environ.get("ANLAO_EXAMPLES", "20")


class Server:
    """A demonstration on a free port."""

    def __init__(self, program):
        self.program = str(pathlib.Path(program).absolute())
        self.folder = tempfile.TemporaryDirectory()
        self.data = self.folder.name + "/data"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("ANLAO_")}
        city = "demo --institutions 10 --hazards 200 --listen 127.0.0.1:0 --json --data-dir".split()
        # One machine asks more in a minute than people do.
        free = "read=0 write=0 upload=0 export=0"
        settings = {"ANLAO_DEMO_PASSWORD": PASSWORD, "ANLAO_LOG": "warn", "ANLAO_USER_RATES": free, "ANLAO_ADDRESS_RATES": free}
        self.log = open(OUT / "server.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.program, *city, self.data], env=self.environment | settings, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        for line in self.process.stdout:
            if line.startswith("{") and "address" in (said := json.loads(line)):
                self.base = "http://" + said["address"]
                return
        sys.exit(f"the demonstration did not start; see {self.log.name}")

    def ask(self, path, token=None, body=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.base + "/api/v1" + path, json.dumps(body).encode() if body else None, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def log_in(self, username):
        return self.ask("/auth/login", body={"username": username, "password": PASSWORD})["access_token"]

    def known(self, token):
        """Some ids that stand for something, by the kind of path they stand in."""
        ids = lambda path: [one["id"] for one in self.ask(path, token)["items"]]
        hazards = ids("/hazards?limit=20")
        photos = [photo["id"] for id in hazards[:5] for photo in self.ask(f"/hazards/{id}", token)["photos"]]
        users = [one["id"] for one in self.ask("/users?limit=200&role=manager", token)["items"] if one["username"] > "manager-005"]
        return {"hazards": hazards, "evidence": photos, "institutions": ids("/institutions?limit=5"), "notices": ids("/notices?limit=20"), "areas": ids("/areas?limit=5"), "users": users}

    def end(self):
        """Ends the server; says what it did wrong."""
        gone = self.process.poll() is not None
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.seek(0)
        # What the framework says of requests that are not HTTP is the client's fault.
        wrong = [line for line in self.log if '"ERROR"' in line and "actix_http" not in line or "panicked" in line]
        verified = subprocess.run([self.program, "verify", "--data-dir", self.data], env=self.environment, capture_output=True, text=True)
        if gone:
            wrong.append("the server had ended\n")
        if verified.returncode != 0:
            wrong.append(verified.stdout + verified.stderr)
        sys.stdout.writelines(wrong[:20])
        self.folder.cleanup()
        return tell("afterwards: no fault logged, records verify", 1, len(wrong))


def tell(what, tried, failed):
    subprocess.run(["scripts/tally", "80", f"API as described: {what}", str(tried), str(failed)], check=True)
    return failed == 0


def run(name, server, arguments, config, examples=EXAMPLES, environment=None):
    """One run; says how it went and returns whether it went well."""
    log = OUT / f"{name.replace(' ', '-').replace('/', '-')}.txt"
    command = [SCHEMATHESIS, "--config-file", config, "run", server.base + "/api/v1/openapi.json", *COMMON, *arguments]
    with open(log, "w", encoding="utf-8") as out:
        code = subprocess.run(
            [*command, "--max-examples", str(examples)],
            cwd=OUT,
            env=os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE.absolute())} | (environment or {}),
            stdout=out,
            stderr=subprocess.STDOUT,
        ).returncode
    lines = log.read_text(encoding="utf-8").strip().splitlines()
    generated = re.findall(r"^  ([\d,]+) generated", "\n".join(lines), re.MULTILINE)
    cases = int(generated[-1].replace(",", "")) if generated else 0
    found = sum(int(number) for number in re.findall(r"(\d+) (?:failures?|errors?)", lines[-1])) if lines else 0
    failed = found or int(code != 0 or cases == 0)
    print(f"{name:<36} {cases:>6} cases  {'as described' if not failed else f'{failed} FAILURES: see {log}'}", flush=True)
    return tell(name, cases, failed)


def peers(server, tokens):
    """The settings for two peers, neither of whom may see what the other's county owns."""
    entries = "".join(
        f'  - name: {name}\n    fixedHeaders: [{{name: Authorization, value: "Bearer {token}"}}]\n' for name, token in tokens.items()
    )
    (OUT / "auth.yaml").write_text(f'schema_version: "0.2.0"\nauth:\n{entries}', encoding="utf-8")
    config = OUT / "peers.toml"
    config.write_text(f'[auth.wfc]\npath = "{OUT / "auth.yaml"}"\npeers = {json.dumps(list(tokens))}\n', encoding="utf-8")
    checks = "object_level_authorization,ignored_auth,not_a_server_error"
    # In the stateful phase as well: what one peer made is what the other asks for.
    return run("two peers", server, ["--checks", checks, "--exclude-path-regex", ending()], config, 60)


def ending():
    return "^/api/v1/(" + "|".join(re.escape(path) for path in ENDING) + ")$"


def main(program, roles):
    OUT.mkdir(parents=True, exist_ok=True)
    server = Server(program)
    # All before the first guess: a flood of wrong logins shuts the door for this address.
    tokens = {role: server.log_in(role) for role in ROLES}
    spare = {path: server.log_in(f"manager-{number + 1:03}") for number, path in enumerate(ENDING)}
    county = next(one["username"] for one in server.ask("/users?limit=200&role=inspector", tokens["admin"])["items"] if one["username"] > "inspector-510904")
    inspectors = {name: server.log_in(name) for name in ["inspector", county]}
    known = {"ANLAO_KNOWN": json.dumps(server.known(tokens["admin"]))}
    bearer = lambda token: ["-H", f"Authorization: Bearer {token}"]
    strict = (HERE / "schemathesis.toml").absolute()
    well = True
    for role in roles:
        well &= run(role, server, [*STRICT, *bearer(tokens[role]), "--exclude-path-regex", ending()], strict, environment=known)
    if roles == ROLES:
        for path, token in spare.items():
            well &= run(path, server, [*STRICT, *bearer(token), "--include-path", f"/api/v1/{path}"], strict)
        well &= peers(server, inspectors)
    return server.end() and well


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], sys.argv[2:] or ROLES) else 1)
