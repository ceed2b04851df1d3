"""What names, types and sizes say of a file."""

from __future__ import annotations

import pytest

from analyzer.transfers.images import image_type, like_image, web_page


@pytest.mark.parametrize(
    "name",
    [
        "/fw/node-6.0.2.bin",
        "update.swu",
        "/a/b.HEX",
        "/x.img?token=1",
        "/firmware/latest",
        "/api/ota/7",
        "/r.tar.gz",
        "node.fw",
        "/get?file=node.bin&v=1",
    ],
)
def test_images(name: str) -> None:
    assert like_image(name)


@pytest.mark.parametrize(
    "name",
    [
        "/",
        "/index.html",
        "/light",
        "/binary",
        "/cabinet",
        "/fwd",
        "/note",
        "/a.txt",
        "/photo.jpg",
        "/hexagon",
    ],
)
def test_others(name: str) -> None:
    assert not like_image(name)


@pytest.mark.parametrize(
    ("name", "kind", "page"),
    [
        ("/", "text/html; charset=utf-8", True),
        ("/app.js", "", True),
        ("/x?y=a.js", "", False),
        ("/clip", "video/mp4", True),
        ("/api", "application/json", True),
        ("/download", "application/octet-stream", False),
        ("/download", "", False),
    ],
)
def test_parts_of_web_pages(name: str, kind: str, page: bool) -> None:
    assert web_page(name, kind) is page


def test_types() -> None:
    assert image_type("Application/Octet-Stream; charset=binary")
    assert not image_type("text/plain")
