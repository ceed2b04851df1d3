import pandas as pd
import pytest

from analyzer.api.dataframe import COUNT, FLAG, MAYBE, TEXT, TIME, TUPLE, WHEN, dataframe

COLUMNS = {"a": TEXT, "b": COUNT, "c": MAYBE, "d": FLAG, "e": TUPLE, "f": TIME, "g": WHEN}
TYPES = ["object", "int64", "Int64", "bool", "object", "datetime64[ns, UTC]", "datetime64[ns, UTC]"]
ROW = {"a": "x", "b": 1, "c": None, "d": True, "e": [1, 2], "f": 10**18 + 1, "g": None, "other": 7}


@pytest.mark.parametrize("entries", [[], [ROW], [ROW, ROW]])
def test_columns_have_their_types_whatever_the_rows(entries):
    frame = dataframe(entries, COLUMNS)
    assert list(frame.columns) == list(COLUMNS)
    assert [str(kind) for kind in frame.dtypes] == TYPES
    assert len(frame) == len(entries)


def test_values_are_kept():
    row = dataframe(iter([ROW]), COLUMNS).iloc[0]
    assert (row["a"], row["b"], row["d"], row["e"]) == ("x", 1, True, (1, 2))
    assert row["f"].value == 10**18 + 1
    assert pd.isna(row["c"])
    assert row["g"] is pd.NaT


def test_a_column_that_an_entry_lacks_is_an_error():
    with pytest.raises(KeyError, match="b"):
        dataframe([{"a": "x"}], {"a": TEXT, "b": COUNT})
