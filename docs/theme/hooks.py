"""The site's pages that lie elsewhere in the repository, and links that hold in both places."""

from __future__ import annotations

import atexit
import os
import posixpath
import re
import shutil
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
# Pages that are kept where who works there reads them, and where the site has them.
ELSEWHERE = {
    "proofs/README.md": "proofs.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
}
# A fence, a block that is indented after a blank line, or words in a line.
_CODE = re.compile(r"(^```.*?^```$|(?<=\n\n)(?:(?: {4}|\t)[^\n]*\n)+|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_NO_COMMENT = re.compile("<(?!!--)")
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie outside docs/."""
    for source, page in ELSEWHERE.items():
        if page != "index.md":
            text = (ROOT / source).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Have each link lead to a page of the site; what the site does not have is named without a link."""
    places = {page: source for source, page in ELSEWHERE.items() if page != "index.md"}
    here = PurePosixPath(places.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent
    there = posixpath.dirname(page.file.src_uri)

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(f"{here}/{link['target']}")
        if not (ROOT / target).exists():
            return link[0]
        if target not in ELSEWHERE and not target.startswith("docs/"):
            return f"{link['text']} (`{target}` of the source)"
        place = ELSEWHERE.get(target, target.removeprefix("docs/"))
        return f"[{link['text']}]({posixpath.relpath(place, there or '.')}{link['anchor'] or ''})"

    # Code is left as it is. In words <N, Y> is an inner product, and no element of HTML.
    parts = _CODE.split(markdown)
    return "".join(
        part if k % 2 else _LINK.sub(moved, _NO_COMMENT.sub("&lt;", part)) for k, part in enumerate(parts)
    )


def on_pre_build(**_: Any) -> None:
    """Have the tutorials run in a folder of their own, with the examples, the programs and one thread."""
    folder = tempfile.mkdtemp(prefix="certify-docs-")
    atexit.register(shutil.rmtree, folder)
    os.symlink(ROOT / "examples", f"{folder}/examples")
    os.chdir(folder)
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", COLUMNS="80", PATH=programs)
