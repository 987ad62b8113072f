"""Writes `discord.json.gz`: what the tests need of Discord's published schemas. Run it to refresh; it wants npm and a network.

REST comes from `discord-api-spec` (Discord's OpenAPI document as Zod schemas and TypeScript paths), the gateway from
`discord-api-types`. Both are packed from npm at the versions named here; only the routes and events listed below, and what
they reach, are kept. The tests read the file and need neither node nor a network.

    python tests/specs/refresh_discord.py
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

SOURCES = {"discord-api-spec": "10.0.266135", "discord-api-types": "0.38.57"}
TOOLS = ["zod@4.6.7", "ts-json-schema-generator@2.4.0"]
WRITTEN = Path(__file__).with_name("discord.json.gz")

CHANNEL, MESSAGE = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"
WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
COMMANDS, GUILD_COMMANDS = (
    "/applications/{application_id}/commands",
    "/applications/{application_id}/guilds/{guild_id}/commands",
)
ROUTES = [
    *("GET /gateway", "GET /gateway/bot", "GET /users/@me", "GET /users/{user_id}", "POST /users/@me/channels"),
    *("GET /oauth2/applications/@me", "GET /applications/@me"),
    *(f"{verb} {path}" for path in (COMMANDS, GUILD_COMMANDS) for verb in ("GET", "PUT")),
    "POST /interactions/{interaction_id}/{interaction_token}/callback",
    f"POST {WEBHOOK}",
    *(
        f"{verb} {WEBHOOK}/messages/{which}"
        for which in ("@original", "{message_id}")
        for verb in ("GET", "PATCH", "DELETE")
    ),
    *(f"{verb} {CHANNEL}" for verb in ("GET", "POST")),
    *(f"{verb} {MESSAGE}" for verb in ("GET", "PATCH", "DELETE")),
    *("GET /channels/{channel_id}", "POST /channels/{channel_id}/typing", "GET /guilds/{guild_id}"),
]
BITS = {"type": "integer", "minimum": 0}  #: what the types list as single flags are sums of them on the wire
PROSE = {"$schema", "$id", "$comment", "default", "description", "title"}
ALWAYS = ["ErrorResponse", "RatelimitedResponse"]

EVENTS = {
    "READY": "GatewayReadyDispatchData",
    "GUILD_CREATE": "GatewayGuildCreateDispatchData",
    "GUILD_DELETE": "GatewayGuildDeleteDispatchData",
    "GUILD_MEMBERS_CHUNK": "GatewayGuildMembersChunkDispatchData",
    "CHANNEL_CREATE": "GatewayChannelCreateDispatchData",
    "CHANNEL_DELETE": "GatewayChannelDeleteDispatchData",
    "MESSAGE_CREATE": "GatewayMessageCreateDispatchData",
    "MESSAGE_UPDATE": "GatewayMessageUpdateDispatchData",
    "MESSAGE_DELETE": "GatewayMessageDeleteDispatchData",
    "COMMAND": "APIChatInputApplicationCommandInteraction",
    "AUTOCOMPLETE": "APIApplicationCommandAutocompleteInteraction",
    "COMPONENT": "APIMessageComponentInteraction",
    "MODAL": "APIModalSubmitInteraction",
    "identify": "GatewayIdentify",
    "resume": "GatewayResume",
    "heartbeat": "GatewayHeartbeat",
    "request guild members": "GatewayRequestGuildMembers",
    "update presence": "GatewayUpdatePresence",
}

CONVERT = """
import fs from "fs";
import * as z from "zod";
import { createGenerator } from "ts-json-schema-generator";
import * as spec from "discord-api-spec/zod";

const registry = z.registry();
for (const [name, schema] of Object.entries(spec))
  if (name.endsWith("Schema")) registry.add(schema, { id: name.slice(0, -"Schema".length) });
const rest = z.toJSONSchema(registry, { unrepresentable: "any", io: "input", uri: (id) => id }).schemas;

const names = JSON.parse(fs.readFileSync("names.json"));
fs.writeFileSync("events.ts", 'import * as T from "discord-api-types/v10";\\n' +
  names.map((name) => `export type Root${name} = T.${name};`).join("\\n"));
const options = { module: "nodenext", moduleResolution: "nodenext", strict: true, target: "es2022", types: [] };
fs.writeFileSync("tsconfig.json", JSON.stringify({ compilerOptions: options }));
const generator = createGenerator(
  { path: "events.ts", tsconfig: "tsconfig.json", skipTypeCheck: true, additionalProperties: true });
const gateway = {};
for (const name of names) Object.assign(gateway, generator.createSchema(`Root${name}`).definitions);
fs.writeFileSync("schemas.json", JSON.stringify({ rest, gateway }));
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        packed = {name: pack(name, version, home) for name, version in SOURCES.items()}
        schemas = convert(packed, home)
        types = (home / "node_modules/discord-api-spec/build/discord-api-spec.ts").read_text()
        sources = [source(name, file) for name, file in packed.items()]
    routes = {route: described(route, types) for route in ROUTES}
    rest, gateway = ({name: clean(schema) for name, schema in schemas[part].items()} for part in ("rest", "gateway"))
    gateway |= {name: BITS for name in gateway if name.endswith("Flags")}
    written = {
        "sources": sources,
        "routes": routes,
        "events": {event: {"$ref": f"Root{name}"} for event, name in EVENTS.items()},
        "rest": reached(rest, [routes, *({"$ref": name} for name in ALWAYS)]),
        "gateway": reached(gateway, [{"$ref": f"Root{name}"} for name in EVENTS.values()]),
    }
    text = json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    WRITTEN.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(
        f"{WRITTEN.name}: {WRITTEN.stat().st_size:,} bytes, {len(written['rest'])} + {len(written['gateway'])} schemas"
    )


def pack(name: str, version: str, home: Path) -> Path:
    run(["npm", "pack", "--silent", f"{name}@{version}"], home)
    return home / f"{name}-{version}.tgz"


def convert(packed: dict[str, Path], home: Path) -> dict[str, dict[str, Any]]:
    (home / "package.json").write_text('{"name": "refresh", "private": true, "type": "module"}')
    run(
        ["npm", "install", "--silent", "--ignore-scripts", *(f"./{file.name}" for file in packed.values()), *TOOLS],
        home,
    )
    (home / "names.json").write_text(json.dumps(list(EVENTS.values())))
    (home / "convert.mjs").write_text(CONVERT)
    run(["node", "convert.mjs"], home)
    schemas: dict[str, dict[str, Any]] = json.loads((home / "schemas.json").read_text())
    return schemas


def run(command: list[str], home: Path) -> None:
    subprocess.run(command, cwd=home, check=True, stdout=subprocess.DEVNULL)


def source(name: str, file: Path) -> dict[str, str]:
    with tarfile.open(file) as archive:
        licence = next(member for member in archive if Path(member.name).name.upper().startswith("LICENSE"))
        notice = archive.extractfile(licence)
        assert notice is not None
        text = notice.read().decode()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"package": name, "version": SOURCES[name], "sha256": digest, "licence": "MIT", "notice": text}


def described(route: str, types: str) -> dict[str, Any]:
    """What a route takes and gives, from the `Paths` interface."""
    verb, path = route.split()
    block = between(types, f'\n  "{path}": {{\n', "\n  };\n")
    operation = between(block + "\n    };", f"    {verb.lower()}: {{\n", "\n    };")
    takes = between(operation, "requestBody?:", ";\n      responses")
    gives = {
        status: schema_of(given)
        for status, given in re.findall(r'"(\d{3})":\s*([^;]*);', operation)
        if "unknown" not in given and not status.startswith("4")
    }
    return {"takes": schema_of(takes), "gives": gives}


def between(text: str, start: str, end: str) -> str:
    after = text.split(start, 1)[1]
    return after.split(end, 1)[0]


def schema_of(written: str) -> dict[str, Any] | None:
    """A schema for a TypeScript union of named types, lists of them, null and undefined."""
    branches: list[dict[str, Any]] = []
    for part in (piece.strip() for piece in written.split("|")):
        if part in ("", "undefined"):
            continue
        if part == "null":
            branches.append({"type": "null"})
        elif part.endswith("[]"):
            branches.append({"type": "array", "items": {"$ref": part[:-2]}})
        else:
            assert part.isidentifier(), f"not a named type: {part}"
            branches.append({"$ref": part})
    if not branches:
        return None
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def clean(schema: Any) -> Any:
    """Without prose; references by name; dates by their format and not by a pattern stricter than Discord's own answers."""
    if isinstance(schema, list):
        return [clean(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": unquote(schema["$ref"].removeprefix("#/definitions/"))}
    dropped = PROSE | {"pattern"} if schema.get("format") == "date-time" else PROSE
    kept = {
        key: {name: clean(part) for name, part in value.items()} if key == "properties" else clean(value)
        for key, value in schema.items()
        if key not in dropped
    }
    if isinstance(kept.get("items"), list):
        kept["prefixItems"] = kept.pop("items")
    return kept


def reached(schemas: dict[str, Any], starts: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [name for start in starts for name in references(start)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += references(found[name])
    return found


def references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for part in schema for name in references(part)]
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return [schema["$ref"]]
    return [name for part in schema.values() for name in references(part)]


if __name__ == "__main__":
    main()
