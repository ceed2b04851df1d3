"""portmatrix: captured traffic laid over the port matrices that vendors publish.

::

    captures                       rulesets/*.yaml           site file, --host
       │ capture/  bytes → frames     │ rulesets.py              │ site.py
       │ decode/   frames → PACKETS   │ editions, services       │ hosts, roles, waivers
       │ flowtable PACKETS → FLOWS    └───────────┬──────────────┘
       │ protocols/, classify.py                  │ matrix.py
       │ sessions.py, outcomes.py                 │ the expected rows
       └────────────────────┬─────────────────────┘
                            │ compliance/   verdicts, row statuses
                            │ findings/     causes, advice, evidence
                            ▼
                       model.Report
                            │ report/  text, json, csv …        cli/, api/
                            ▼

Only ``pipeline`` knows this order. Stages meet in ``tables``, ``model``, ``protocol`` and
``errors``.

From Python::

    import analyzer
    result = analyzer.check("site.pcapng", site="site.yaml")
    result.compliant, result.findings, result.flows      # the latter two are pandas DataFrames

``analyzer.check``, ``analyzer.flows``, ``analyzer.firmware``, ``analyzer.diff`` and ``analyzer.survey`` are
the functions of :mod:`analyzer.api`, loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from analyzer import version

if TYPE_CHECKING:
    from analyzer.api import (
        DiffResult,
        FirmwareResult,
        FlowsResult,
        Result,
        SurveyResult,
        check,
        diff,
        firmware,
        flows,
        survey,
    )

__all__ = [
    "DiffResult",
    "FirmwareResult",
    "FlowsResult",
    "Result",
    "SurveyResult",
    "__version__",
    "check",
    "diff",
    "firmware",
    "flows",
    "survey",
]

__version__: Final = version.VERSION

_LATE: Final = frozenset(__all__) - {"__version__"}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analyzer import api  # noqa: PLC0415 - the API costs more than most importers of a stage want

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
