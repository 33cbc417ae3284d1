"""What a browser keeps of unsaved words: the entries as they lie there, and what they hold for who has the key."""

from __future__ import annotations

import json
import os
import signal
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import Page

_ENTRIES = """
() => new Promise((resolve, reject) => {
  const request = indexedDB.open("casenote");
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const all = request.result.transaction("unsaved").objectStore("unsaved").getAll();
    all.onerror = () => reject(all.error);
    all.onsuccess = () => {
      request.result.close();
      resolve(all.result.map((entry) => ({
        session: entry.session, iv: [...entry.iv], data: [...new Uint8Array(entry.data)],
      })));
    };
  };
})
"""


def entries(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(_ENTRIES)
    return found


def key_of(http: httpx.Client) -> bytes:
    return urlsafe_b64decode(http.get("/unsaved-key").json()["key"] + "=")


def kept_texts(page: Page, key: bytes) -> list[str]:
    """The sections' texts that are kept, opened with the server's key as the page itself does."""
    texts: list[str] = []
    for entry in entries(page):
        place = str(entry["session"]).encode()
        plain = AESGCM(key).decrypt(bytes(entry["iv"]), bytes(entry["data"]), place)
        texts += [words["text"] for words in json.loads(plain)]
    return texts


def kill_browser(profile: Path) -> None:
    """``kill -9`` of the browser that runs on that profile; its other processes go with it."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        of_profile = f"--user-data-dir={profile}".encode() in arguments
        if of_profile and not any(argument.startswith(b"--type=") for argument in arguments):
            os.kill(int(folder.name), signal.SIGKILL)


def files_with(profile: Path, words: str) -> list[str]:
    """The files under the profile that hold the words as they are."""
    spellings = (words.encode(), words.encode("utf-16-le"))
    found = []
    for path in profile.rglob("*"):
        if path.is_file() and any(spelling in path.read_bytes() for spelling in spellings):
            found.append(str(path))
    return found
