"""What of a URL is shown: never what opens it, always what it names, whatever the text around it."""

from __future__ import annotations

import string
from urllib.parse import quote, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.urls import HIDDEN, scrubbed, shown

SIGNED = (
    "https://bucket.s3.amazonaws.com/b7/a.pcap?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&versionId=3"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c031957d157751f604d404"
)
"""Amazon S3, "Authenticating Requests: Using Query Parameters", its example, and a version."""
SHARED = (
    "https://a.blob.core.windows.net/c/a.pcap?sv=2022-11-02&se=2026-12-01T00%3A00Z&sr=b&sp=r&sig=dGVzdA%3D"
)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("captures/a.pcap", "captures/a.pcap"),
        ("user:secret@host", "user:secret@host"),
        ("https://host/a.pcap", "https://host/a.pcap"),
        ("https://host:8443/a@b.pcap", "https://host:8443/a@b.pcap"),
        ("https://[2001:db8::1]:8443/a@b.pcap", "https://[2001:db8::1]:8443/a@b.pcap"),
        ("https://user:secret@host/a.pcap", "https://***@host/a.pcap"),
        ("https://token@host/a.pcap", "https://***@host/a.pcap"),
        ("https://token:@host/a.pcap", "https://***@host/a.pcap"),
        ("sftp://reader@host:22/a.pcap", "sftp://reader@host:22/a.pcap"),
        ("sftp://reader:secret@host:22/a.pcap", "sftp://reader:***@host:22/a.pcap"),
        ("sftp://reader:s:e@c@host/a.pcap", "sftp://reader:***@host/a.pcap"),
        ("sftp://reader:two words@host/a.pcap", "sftp://reader:***@host/a.pcap"),
        ("sftp://reader:se/c?r#t@host/a.pcap", "sftp://reader:***@host/a.pcap"),
        ("ftp://key:@host/a.pcap", "ftp://***@host/a.pcap"),
        ("abfs://captures@account.dfs/a.pcap", "abfs://captures@account.dfs/a.pcap"),
        ("zip://a.pcap::https://user:secret@host/a.zip", "zip://a.pcap::https://***@host/a.zip"),
        ("https://host/get?file=a.pcap&id=17", "https://host/get?file=a.pcap&id=17"),
        ("https://host/get?file=a.pcap&TOKEN=x#key=y", "https://host/get?file=a.pcap&TOKEN=***#key=***"),
        ("https://host/get?api%5Fkey=x&token=", "https://host/get?api%5Fkey=***&token="),
        (
            "https://host/get?prefix=site-b7/2026-11-21/floor1",
            "https://host/get?prefix=site-b7/2026-11-21/floor1",
        ),
        (
            SIGNED,
            "https://bucket.s3.amazonaws.com/b7/a.pcap?X-Amz-Algorithm=***&X-Amz-Credential=***&X-Amz-Date=***"
            "&X-Amz-Expires=***&X-Amz-SignedHeaders=***&versionId=3&X-Amz-Signature=***",
        ),
        (SHARED, "https://a.blob.core.windows.net/c/a.pcap?sv=***&se=***&sr=***&sp=***&sig=***"),
        ("https://host/a.pcap?se=1&sp=2", "https://host/a.pcap?se=1&sp=2"),
    ],
)
def test_what_opens_it_is_hidden_and_what_it_names_is_not(url, seen):
    assert shown(url) == seen
    assert shown(seen) == seen


def test_what_looks_random_is_hidden_and_two_of_them_stay_two():
    first, second = (
        shown(f"https://host/get?x={value}")
        for value in ("9f86d081884c7d659a2feaa0c55ad015", "60303ae22b998861bce3b28f33eec1be")
    )
    assert first != second
    # printf 9f86d081884c7d659a2feaa0c55ad015 | sha256sum
    assert first == "https://host/get?x=***67212462"
    assert shown(first) == first
    assert "8f14e45f" not in shown("https://host/get?8f14e45fceea167a5a36dedd4bea2543")


@pytest.mark.parametrize(
    ("text", "url", "seen"),
    [
        (
            "no port 'se' in sftp://u:se/cret@host/a",
            "sftp://u:se/cret@host/a",
            "no port '***' in sftp://u:***@host/a",
        ),
        ("login u, p%40ss and p@ss", "sftp://u:p%40ss@host/", "login u, *** and ***"),
        ("a bad a-b, a", "sftp://u:a@host/", "*** bad ***-b, ***"),
        ("User tok is unknown", "https://tok@host/", "User *** is unknown"),
        (
            "cannot get https://u:pw@host/a?sig=abc: refused (http://x/?token=d, 'ftp://u:p@h/').",
            "",
            "cannot get https://***@host/a?sig=***: refused (http://x/?token=***, 'ftp://u:***@h/').",
        ),
        ('URL("https://host/a?token=x&part=2")', "", 'URL("https://host/a?token=***&part=2")'),
        ("https:/u:pw@host/a?sig=x: no such file", "", "https:/***@host/a?sig=***: no such file"),
        ("C:/captures/a@b.pcap: no such file", "", "C:/captures/a@b.pcap: no such file"),
        ("is that so? sig=abc", "", "is that so? sig=abc"),
    ],
)
def test_texts_lose_the_credentials_that_they_quote(text, url, seen):
    assert scrubbed(text, url) == seen


PASSWORDS = st.text(
    string.ascii_letters + string.digits + "%!$&'()*+,;=:@~._- \\\"<>äß", min_size=4, max_size=40
)


@given(PASSWORDS, PASSWORDS)
def test_no_credential_is_seen_in_any_spelling(password, token):
    escaped, value = quote(password, safe=""), quote_plus(token)
    url = f"sftp://reader:{escaped}@host/b7/a.pcap?part=2&token={value}"
    assert shown(url) == f"sftp://reader:{HIDDEN}@host/b7/a.pcap?part=2&token={HIDDEN}"
    said = f"refused: {password} {escaped} {token} {value} {quote(token)} at {url}"
    seen = scrubbed(said, url)
    assert urlsplit(shown(url)).hostname == "host"
    around = f"refused:      at sftp://reader:{HIDDEN}@host/b7/a.pcap?part=2&token={HIDDEN}"
    for secret in (password, escaped, token, value, quote(token)):
        assert secret not in seen or secret in around


@given(st.text(max_size=80))
def test_any_text_is_taken_and_shown_twice_it_is_the_same(text):
    for url in (text, f"https://{text}", f"sftp://u:{text}@h/"):
        assert shown(shown(url)) == shown(url)
        scrubbed(text, url)
