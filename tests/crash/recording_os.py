"""Stands where a module has `os`: does the same, logs it, and fails when told to."""

from __future__ import annotations

import os
from typing import Any

from .faults import Faults
from .journal import Journal


class RecordingOS:
    """Delegates everything to `os`; what touches files below the journal's root is logged."""

    def __init__(self, journal: Journal, faults: Faults | None = None) -> None:
        self._journal = journal
        self._faults = faults or Faults()
        self._inodes: dict[int, int] = {}
        self._paths: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    # descriptors

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        full = self._full(path, dir_fd)
        if not self._journal.covers(full):
            return os.open(path, flags, mode, dir_fd=dir_fd)
        nameless = flags & os.O_TMPFILE == os.O_TMPFILE
        makes = nameless or (flags & os.O_CREAT and not os.path.lexists(full))
        if makes:
            self._faults.check("make", full)
        descriptor = os.open(path, flags, mode, dir_fd=dir_fd)
        self._note(descriptor, full, nameless, flags)
        return descriptor

    def _note(self, descriptor: int, path: str, nameless: bool, flags: int) -> None:
        """Only who may have made a file logs that: another may see it sooner."""
        self._paths[descriptor] = path
        if nameless:
            inode: int | None = self._journal.made_nameless()
        elif flags & os.O_CREAT:
            inode = self._journal.opened(path)
        else:
            inode = self._journal.inode(path)
        if inode is not None:
            self._inodes[descriptor] = inode
            if flags & os.O_TRUNC:
                self._journal.resized(inode, 0)

    def close(self, descriptor: int) -> None:
        self._inodes.pop(descriptor, None)
        self._paths.pop(descriptor, None)
        os.close(descriptor)

    # contents

    def write(self, descriptor: int, data: Any) -> int:
        return self.pwrite(descriptor, data, None)

    def writev(self, descriptor: int, buffers: Any) -> int:
        return self.pwrite(descriptor, b"".join(bytes(buffer) for buffer in buffers), None)

    def pwrite(self, descriptor: int, data: Any, offset: int | None) -> int:
        inode = self._inodes.get(descriptor)
        content = bytes(data)
        start = os.lseek(descriptor, 0, os.SEEK_CUR) if offset is None else offset
        error = self._faults.find("write", self._paths.get(descriptor, ""))
        if error:
            content = content[: len(content) // 2]
        count = os.pwrite(descriptor, content, start)
        if offset is None:
            os.lseek(descriptor, start + count, os.SEEK_SET)
        if inode is not None:
            self._journal.written(inode, start, content[:count])
        if error:
            raise error
        return count

    def ftruncate(self, descriptor: int, length: int) -> None:
        self._faults.check("resize", self._paths.get(descriptor, ""))
        os.ftruncate(descriptor, length)
        if descriptor in self._inodes:
            self._journal.resized(self._inodes[descriptor], length)

    def fsync(self, descriptor: int) -> None:
        self._sync(descriptor, os.fsync)

    def fdatasync(self, descriptor: int) -> None:
        self._sync(descriptor, os.fdatasync)

    def _sync(self, descriptor: int, sync: Any) -> None:
        path, since = self._paths.get(descriptor, ""), self._journal.position()
        inode = self._inodes.get(descriptor)
        if error := self._faults.find("folder" if os.path.isdir(path) else "sync", path):
            if inode is not None:
                self._journal.synced(inode, since, failed=True)
            raise error
        sync(descriptor)
        if inode is not None:
            self._journal.synced(inode, since)

    # names

    def link(
        self, src: Any, dst: Any, *, src_dir_fd: Any = None, dst_dir_fd: Any = None, **rest: Any
    ) -> None:
        target = self._full(dst, dst_dir_fd)
        self._faults.check("link", target)
        inode = self._source(self._full(src, src_dir_fd))
        os.link(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, **rest)
        if inode is not None and self._journal.covers(target):
            self._journal.linked(inode, target)

    def _source(self, path: str) -> int | None:
        if path.startswith("/proc/self/fd/"):
            return self._inodes.get(int(path.rpartition("/")[2]))
        return self._journal.inode(path)

    def rename(self, src: Any, dst: Any, *, src_dir_fd: Any = None, dst_dir_fd: Any = None) -> None:
        source, target = self._full(src, src_dir_fd), self._full(dst, dst_dir_fd)
        self._faults.check("rename", target)
        os.rename(src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if self._journal.covers(target):
            self._journal.renamed(source, target)

    replace = rename

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        full = self._full(path, dir_fd)
        self._faults.check("unlink", full)
        os.unlink(path, dir_fd=dir_fd)
        if self._journal.covers(full):
            self._journal.unlinked(full)

    remove = unlink

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        full = self._full(path, dir_fd)
        self._faults.check("make", full)
        os.mkdir(path, mode, dir_fd=dir_fd)
        if self._journal.covers(full):
            self._journal.made(full, is_folder=True)

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        full = self._full(path, dir_fd)
        os.rmdir(path, dir_fd=dir_fd)
        if self._journal.covers(full):
            self._journal.unlinked(full)

    def makedirs(self, path: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        path = os.fspath(path)
        parent = os.path.dirname(path)
        if parent and not os.path.isdir(parent):
            self.makedirs(parent, mode, exist_ok=True)
        try:
            self.mkdir(path, mode)
        except FileExistsError:
            if not exist_ok:
                raise

    def _full(self, path: Any, folder: int | None) -> str:
        if isinstance(path, int):
            return self._paths.get(path, "")
        text: str = os.fsdecode(path)
        if os.path.isabs(text):
            return text
        if folder is not None:
            return os.path.join(self._paths.get(folder, f"/proc/self/fd/{folder}"), text)
        return os.path.abspath(text)
