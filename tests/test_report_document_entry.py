from analyzer.report.document.entry import seconds, when


def test_what_may_have_no_time():
    assert (when(None), seconds(None)) == (None, None)
    assert (when(0), seconds(0)) == ("1970-01-01T00:00:00.000000Z", 0.0)
    assert (when(1_500_000_001), seconds(-1_500_000_000)) == ("1970-01-01T00:00:01.500000001Z", -1.5)
