"""Wheels as files: downloaded with pip into a temporary folder, opened as zip archives, never installed or imported."""

import datetime
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from calculators.buildtime.upstream import UpstreamError

# Releases that must not be read, and why.
BAD = {"litellm": (re.compile(r"1\.107(\.|$)"), "its 1.107 releases were tampered with and withdrawn")}
_NAME = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[A-Za-z0-9_.!+]+)-.+\.whl")
Say = Callable[[str], None]


class Wheel(NamedTuple):
    """One package as it lies on the disk."""

    name: str
    version: str
    released: datetime.date
    sha256: str
    path: Path
    dated: bool = True  # the release day is known, and not only the day of the file

    @property
    def id(self) -> str:
        """Its id among the sources of a data file: litellm-1-110-2."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.name}-{self.version}".lower()).strip("-")

    def names(self) -> list[str]:
        """Every file in it. Raises UpstreamError."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise UpstreamError(f"{self.path.name} cannot be read: {error}.") from None

    def read(self, member: str) -> bytes:
        """One file of it. Raises UpstreamError."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, RuntimeError, ValueError) as error:
            reason = f"it holds no {member}" if isinstance(error, KeyError) else str(error)
            raise UpstreamError(f"{self.path.name} cannot be read: {reason}.") from None


def download(required: Sequence[str], optional: Sequence[str], folder: Path, say: Say) -> None:
    """Put the newest wheel of each package into a folder. Raises UpstreamError if one that is required cannot be had."""
    for name in (*required, *optional):
        say(f"Downloading {name}")
        try:
            _download(name, folder)
        except UpstreamError as error:
            if name in required:
                raise
            say(str(error))
    _lock([*required, *optional], folder, say)


def _download(name: str, folder: Path) -> None:
    wanted = f"{name}!=1.107.*" if name == "litellm" else name
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet",
               "--disable-pip-version-check", "--dest", str(folder), wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UpstreamError(f"pip could not download {name}: {error}. Nothing was changed.") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise UpstreamError(f"pip could not download {name} ({lines[-1].removeprefix('ERROR: ')}). Nothing was changed; "
                            "without a network use --from with a folder of wheels.")


def _lock(names: list[str], folder: Path, say: Say) -> None:
    """Write pylock.toml beside the wheels, for the days on which they were published. uv writes it, if it is there."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if not uv:
        say("uv is not installed: the day of the download stands for the day of the release")
        return
    pinned = "".join(f"{wheel.name}=={wheel.version}\n" for name in names if (wheel := newest(name, folder)))
    command = [uv, "pip", "compile", "-", "--no-deps", "--only-binary", ":all:", "--format", "pylock.toml", "--quiet",
               "--no-header", "--python", sys.executable]
    try:
        done = subprocess.run(command, input=pinned, capture_output=True, text=True, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError):
        say("uv could not tell the days of release: the day of the download stands for them")
        return
    (folder / "pylock.toml").write_text(done.stdout, "utf-8")


def newest(name: str, folder: Path) -> Wheel | None:
    """The newest wheel of a package in a folder, or None. Raises UpstreamError for a bad release or a wrong digest."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    found = [(match, path) for path in sorted(folder.glob("*.whl")) if (match := _NAME.fullmatch(path.name))
             and re.sub(r"[-_.]+", "-", match["name"]).lower() == plain]
    if not found:
        return None
    match, path = max(found, key=lambda pair: _order(pair[0]["version"]))
    version = match["version"]
    pattern, reason = BAD.get(plain, (None, ""))
    if pattern and pattern.match(version):
        raise UpstreamError(f"{name} {version} is refused: {reason}. Nothing was changed.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    locked = _locked(folder).get(path.name)
    if locked and locked[1] and locked[1] != digest:
        raise UpstreamError(f"{path.name} is not the file that was published: its sha256 is {digest}. Nothing was changed.")
    day = locked[0] if locked else datetime.date.fromtimestamp(path.stat().st_mtime)
    return Wheel(plain, version, day, digest, path, bool(locked))


def _locked(folder: Path) -> dict[str, tuple[datetime.date, str]]:
    """By file: the day it was published and its sha256, out of the pylock.toml files of a folder."""
    known = {}
    for path in sorted(folder.glob("pylock*.toml")):
        try:
            packages = tomllib.loads(path.read_text("utf-8")).get("packages", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UpstreamError(f"{path.name} cannot be read: {error}.") from None
        for wheel in (wheel for package in packages for wheel in package.get("wheels", [])):
            file = wheel.get("name") or str(wheel.get("url", "")).rsplit("/", 1)[-1]
            if "upload-time" in wheel:
                known[file] = (wheel["upload-time"].date(), wheel.get("hashes", {}).get("sha256", ""))
    return known


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
