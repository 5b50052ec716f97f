"""Runs in a small Pod, as its service account: may it read the bucket? Standard library only.

Arguments: bucket, folder, one file's name or nothing. Writes a line of JSON for each answer.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
EMULATOR = os.environ.get("STORAGE_EMULATOR_HOST", "")
# new roles take up to two minutes to be known everywhere; an emulator says how long, 0 seconds else
PATIENCE_S = float(os.environ.get("WARMBOOK_PROPAGATION_S", 0)) * 2 if EMULATOR else 120
END = time.monotonic() + PATIENCE_S
Answer = tuple[int, bytes]


def ask(url: str, **headers: str) -> Answer:
    """Send a request; an answer that never came has status 0."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as got:
            return got.status, got.read(2**20)
    except urllib.error.HTTPError as error:
        return error.code, error.read(2**16)
    except OSError as error:
        return 0, str(error).encode()


def until_granted(url: str, **headers: str) -> Answer:
    """Ask again while it is refused and may yet be granted."""
    while True:
        status, body = ask(url, **headers)
        if status not in (0, 401, 403, 503) or time.monotonic() > END:
            return status, body
        time.sleep(min(3, PATIENCE_S / 4))


def words(body: bytes) -> str:
    """Return what Google's JSON says went wrong, or the answer's first words."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:300].decode(errors="replace")


def tell(permission: str, status: int, body: bytes) -> bool:
    """Write one answer to the log."""
    may = status in (200, 206)
    reply = "" if may else f"{status} {words(body)}"
    print(json.dumps({"permission": permission, "may": may, "reply": reply}), flush=True)
    return may


def signed_in() -> dict[str, str]:
    """Return the header that says who asks; none in a rehearsal, which knows by the address."""
    if EMULATOR:
        return {}
    # the metadata server takes some seconds until it answers a new Pod
    status, body = until_granted(TOKEN, **{"Metadata-Flavor": "Google"})
    if status != 200:
        tell("token", status, body)
        sys.exit(1)
    return {"Authorization": f"Bearer {json.loads(body)['access_token']}"}


def main(bucket: str, folder: str, file: str) -> None:
    """Try the three permissions in the order in which the streamer needs them."""
    who = signed_in()
    there = f"{EMULATOR or 'https://storage.googleapis.com'}/storage/v1/b/{bucket}"
    query = urllib.parse.urlencode({"prefix": f"{folder}/", "maxResults": 1})
    tell("storage.buckets.get", *until_granted(there, **who))
    status, body = until_granted(f"{there}/o?{query}", **who)
    tell("storage.objects.list", status, body)
    listed = json.loads(body).get("items", []) if status == 200 else []
    name = urllib.parse.quote(file or next((item["name"] for item in listed), ""), safe="")
    if name:
        first = until_granted(f"{there}/o/{name}?alt=media", Range="bytes=0-0", **who)
        tell("storage.objects.get", *first)


if __name__ == "__main__":
    main(*sys.argv[1:4])
