"""`Files` over the platform's own storage: a bucket of ours where the operator named one."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, default_storage, storages

from coursecrew.domain.errors import NotFound

FOLDER = "coursecrew"


class PlatformFiles:
    """Keeps uploads in `storages["coursecrew"]`, or in the default storage below one folder."""

    @property
    def _storage(self) -> Storage:
        if FOLDER in getattr(settings, "STORAGES", {}):
            return storages[FOLDER]
        return default_storage

    def put(self, name: str, content: BinaryIO) -> None:
        """Store under a name that `Ids` made; the same name again replaces, as a retry should."""
        path = _path(name)
        if self._storage.exists(path):
            self._storage.delete(path)
        self._storage.save(path, File(content))

    def open(self, name: str) -> BinaryIO:
        """Read; `NotFound` if absent."""
        try:
            return cast("BinaryIO", self._storage.open(_path(name), "rb"))
        except FileNotFoundError:
            raise NotFound("file") from None

    def remove(self, name: str) -> None:
        """Delete; absent is no error."""
        self._storage.delete(_path(name))


def _path(name: str) -> str:
    if not name.isalnum():  # names are made by `Ids`; anything else did not come from us
        raise NotFound("file")
    return f"{FOLDER}/{name}"
