"""Lists a wheel, or extracts the files named on standard input (and the wheel's METADATA) into a folder."""

import shutil
import sys
import zipfile
from pathlib import Path


def extract(archive: zipfile.ZipFile, folder: Path) -> None:
    for name in sys.stdin.read().split("\n"):
        archive.extract(name, folder)
    metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    if Path(metadata).name and metadata.startswith("tensorflow"):
        with archive.open(metadata) as source, open(folder / "METADATA", "wb") as target:
            shutil.copyfileobj(source, target)


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[2]) as wheel:
        if sys.argv[1] == "list":
            print("\n".join(wheel.namelist()))
        else:
            extract(wheel, Path(sys.argv[3]))
