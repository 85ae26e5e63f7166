"""Table inputs: a dict of columns, a list of rows or a pandas DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd


def as_table(value: Any) -> pd.DataFrame:
    """A DataFrame of strings; a missing cell (None, NaN, no such key) is an empty string.

    Args:
        value: a dict from each column's name to its cells, a list of rows (dicts), or a
            DataFrame.

    Raises:
        TypeError: `value` is none of these.
        ValueError: the columns differ in length, or there is no row.
    """
    if not isinstance(value, (dict, list, pd.DataFrame)):
        raise TypeError(
            "expected a table (dict of columns, list of rows, or pandas DataFrame), got "
            + type(value).__name__
        )
    if isinstance(value, list) and not all(isinstance(row, dict) for row in value):
        raise TypeError("expected each row of the table as a dict from column to cell")
    try:
        table = pd.DataFrame(value).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a table, but its columns are inconsistent: {error}") from error
    if table.empty:
        raise ValueError("the table is empty; it needs at least one row and one column")
    table.columns = [str(column) for column in table.columns]
    missing = table.isna()
    return table.astype(object).where(~missing, "").astype(str)
