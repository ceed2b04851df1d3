"""What a document is made of is had from the package, and PyYAML only where one is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from analyzer import documents


def test_every_name_is_had_from_the_package() -> None:
    assert all(hasattr(documents, name) for name in documents.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = documents.nonsense


def test_mistakes_are_told_without_a_reader_of_yaml() -> None:
    code = "import sys; from analyzer import documents; documents.quote('x'); print('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"
