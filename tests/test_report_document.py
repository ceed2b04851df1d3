import reports

from analyzer.report import document


def test_summary_has_every_word():
    assert document.summary(reports.REPORT) == {
        "compliant": False,
        "flows": {
            "expected": 1,
            "disputed": 0,
            "unexpected": 1,
            "infrastructure": 1,
            "out-of-scope": 0,
            "review": 0,
        },
        "rows": {
            "working": 1,
            "one-way": 1,
            "failing": 1,
            "missing": 1,
            "not-exercised": 1,
            "not-observable": 1,
            "not-applicable": 1,
        },
        "findings": {"violation": 2, "warning": 0, "note": 1},
        "half_shown": 0,
        "undecoded": {"cut": 3},
    }
    assert set(document.summary(reports.EMPTY)["flows"].values()) == {0}


def test_a_document_is_drawn_whole_in_its_order():
    parts = {
        "schema": "x/1",
        "pair": None,
        "summary": {"a": 1},
        "rows": iter([1, 2]),
        "flows": map(str, (3,)),
    }
    drawn = document.whole(parts)
    assert drawn == {"schema": "x/1", "pair": None, "summary": {"a": 1}, "rows": [1, 2], "flows": ["3"]}
    assert list(drawn) == list(parts)
