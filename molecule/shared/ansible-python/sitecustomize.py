"""Keep what Python compiles of Ansible's modules until the container stops.

Ansible sends each module as an archive of sources, and Python compiles these anew for every task: a third of its time,
some thousand times in the scenarios. A server in a hospital runs the same sources, without this.
"""

import marshal
import os
import zipimport
import zlib
from types import CodeType

FOLDER = "/run/ansible-python"

# What a module starts is not Ansible's.
del os.environ["PYTHONPATH"]
_compile_source = zipimport._compile_source


def _compiled(path: str, source: bytes) -> CodeType:
    """The code of a source: kept under its name, length and checksum, for whoever runs modules as root."""
    name = os.path.basename(path)
    kept = f"{FOLDER}/{name}-{len(source)}-{zlib.crc32(source):08x}-{zlib.adler32(source):08x}"
    try:
        with open(kept, "rb") as file:
            return marshal.load(file)
    except OSError:
        code = _compile_source(path, source)
    if os.geteuid() == 0:
        os.makedirs(FOLDER, mode=0o755, exist_ok=True)
        half = f"{kept}.{os.getpid()}"
        with open(half, "wb") as file:
            marshal.dump(code, file)
        os.rename(half, kept)
    return code


zipimport._compile_source = _compiled
