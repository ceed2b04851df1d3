"""DataFrames with columns of declared types. pandas is imported when the first one is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

TEXT: Final = "object"
COUNT: Final = "int64"
MAYBE: Final = "Int64"
"""A number that may be unknown."""
FLAG: Final = "bool"
TUPLE: Final = "tuple"
TIME: Final = "datetime64[ns, UTC]"
WHEN: Final = "time that may be missing"


def dataframe(entries: Iterable[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    """A DataFrame with just ``columns``, a type of this module each, which it has without a row too.

    ``entries`` hold every column, and times as ns since 1970. Raises KeyError for one that is missing.
    """
    import pandas as pd  # noqa: PLC0415 - costs more than checking a small capture

    held: dict[str, list[Any]] = {name: [] for name in columns}
    for entry in entries:
        for name, values in held.items():
            values.append(entry[name])
    series: dict[str, pd.Series[Any]] = {}
    for name, dtype in columns.items():
        values = held[name]
        if dtype == TUPLE:
            series[name] = pd.Series([tuple(value) for value in values], dtype="object")
        elif dtype == WHEN:
            series[name] = pd.Series(pd.to_datetime(pd.Series(values, dtype="Int64"), unit="ns", utc=True))
        elif dtype == TIME:
            series[name] = pd.Series(pd.to_datetime(pd.Series(values, dtype="int64"), unit="ns", utc=True))
        else:
            series[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(series, columns=list(columns))
