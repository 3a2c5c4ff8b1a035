"""Which kind of file system a path is on, from the list that the kernel keeps."""

from __future__ import annotations

from pathlib import Path

SYSTEM_MOUNTS = Path("/proc/self/mounts")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_ON_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "gfs2",
        "lustre",
        "glusterfs",
        "ocfs2",
        "beegfs",
        "virtiofs",
        "davfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "fuse.cephfs",
        "fuse.s3fs",
        "fuse.rclone",
    }
)


def kind_of(path: Path, mounts: Path = SYSTEM_MOUNTS) -> str:
    """The type of the file system that holds `path` (`ext4`, `tmpfs`); empty if unknown."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    wanted, best, kind = path.resolve(), Path(""), ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Path(_unescaped(fields[1]))
        if wanted.is_relative_to(mount) and len(mount.parts) >= len(best.parts):
            best, kind = mount, fields[2]
    return kind


def is_in_memory(path: Path, mounts: Path = SYSTEM_MOUNTS) -> bool:
    """What is written there costs no disk."""
    return kind_of(path, mounts) in _IN_MEMORY


def is_on_network(path: Path, mounts: Path = SYSTEM_MOUNTS) -> bool:
    """Another machine keeps the files."""
    return kind_of(path, mounts) in _ON_NETWORK


def _unescaped(text: str) -> str:
    """The kernel writes blanks, tabs, line breaks and backslashes as octal numbers."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
