"""`Files` over fsspec: a folder by default, S3 and others by address."""

from __future__ import annotations

import posixpath
import re
import shutil
from typing import BinaryIO, cast

import fsspec

from coursecrew.domain.errors import NotFound

_NAME = re.compile(r"[0-9a-f]{32}")


class Folder:
    """The place that `COURSECREW_FILES_URL` names, shared by all tenants."""

    def __init__(self, url: str) -> None:
        options = {"auto_mkdir": True} if "://" not in url or url.startswith(("file://", "local://")) else {}
        self._system, self._root = fsspec.core.url_to_fs(url, **options)

    def of(self, registration: str) -> LtiFiles:
        """The files of one tenant."""
        return LtiFiles(self._system, posixpath.join(self._root, registration))


class LtiFiles:
    """Bytes under random names, below a folder of the tenant."""

    def __init__(self, system: fsspec.AbstractFileSystem, root: str) -> None:
        self._system = system
        self._root = root

    def put(self, name: str, content: BinaryIO) -> None:
        """Store under a name that `Ids` made: whole, or not at all."""
        path = self._path(name)
        unfinished = f"{path}.part"
        with self._system.open(unfinished, "wb") as target:
            shutil.copyfileobj(content, target)
        self._system.mv(unfinished, path)

    def open(self, name: str) -> BinaryIO:
        """Read; `NotFound` if absent."""
        try:
            return cast("BinaryIO", self._system.open(self._path(name), "rb"))
        except FileNotFoundError:
            raise NotFound("file") from None

    def remove(self, name: str) -> None:
        """Delete; absent is no error."""
        try:
            self._system.rm_file(self._path(name))
        except FileNotFoundError:
            return

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise NotFound("file")
        return posixpath.join(self._root, name[-2:], name)
