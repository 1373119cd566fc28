"""Lists a wheel, or extracts the files named on standard input into a folder."""

import sys
import zipfile
from pathlib import Path


def extract(archive: zipfile.ZipFile, folder: Path) -> None:
    for name in sys.stdin.read().split("\n"):
        archive.extract(name, folder)


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[2]) as wheel:
        if sys.argv[1] == "list":
            print("\n".join(wheel.namelist()))
        else:
            extract(wheel, Path(sys.argv[3]))
