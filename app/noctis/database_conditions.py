"""The criteria of DICOM queries (noctis.dicom.matching) as database conditions, on SQLite and PostgreSQL alike.

C-FIND, the modality worklist and QIDO-RS name a column and a criterion and get a ``Q``. Wildcards go through the lookup
``field__dicom_wildcard="SM?TH*"``: case counts, and the databases match such patterns without backtracking, so that no
pattern keeps them busy. Importing this module registers the lookup; ModalityWorklistConfig does.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Lookup, Q, TextField
from django.db.models.sql.compiler import SQLCompiler

from noctis.dicom.matching import AnyOf, Criterion, Exact, NameKey, Range, UidList, Universal, Wildcard

EVERYTHING: Final = Q()

_SPECIAL_IN_LIKE = re.compile(r"([\\%_])")
_SPECIAL_IN_GLOB = re.compile(r"(\[)")


@CharField.register_lookup
@TextField.register_lookup
class DicomWildcard(Lookup):  # type: ignore[type-arg]  # generic in the stubs alone
    """``LIKE`` where it respects case, ``GLOB`` on SQLite, whose ``LIKE`` does not."""

    lookup_name = "dicom_wildcard"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Return the condition for databases whose LIKE respects case."""
        escaped = _SPECIAL_IN_LIKE.sub(r"\\\1", str(self.rhs))
        return self._condition(compiler, connection, r"LIKE %s ESCAPE '\'", escaped.replace("*", "%").replace("?", "_"))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Return the condition for SQLite."""
        return self._condition(compiler, connection, "GLOB %s", _SPECIAL_IN_GLOB.sub(r"[\1]", str(self.rhs)))

    def _condition(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, operator: str, pattern: str
    ) -> tuple[str, Any]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} {operator}", [*parameters, pattern]


def condition(column: str, criterion: Criterion) -> Q:
    """Return which rows answer ``criterion`` with ``column``; for a name, a ``name_index`` column.

    For a NameKey the rows are a superset: ask ``matches`` about each. A range of datetimes needs ``moment_condition``.
    """
    if isinstance(criterion, Universal):
        return EVERYTHING
    if isinstance(criterion, Range):
        ends = {"gte": criterion.first, "lte": criterion.last}
        return Q(**{f"{column}__{lookup}": end for lookup, end in ends.items() if end is not None})
    return _text_condition(column, criterion)


def _text_condition(column: str, criterion: Exact | Wildcard | AnyOf | UidList | NameKey) -> Q:
    if isinstance(criterion, Exact):
        return Q(**{column: criterion.value})
    if isinstance(criterion, Wildcard):
        return Q(**{f"{column}__dicom_wildcard": criterion.pattern})
    if isinstance(criterion, AnyOf):
        alternatives = Q()
        for alternative in criterion.alternatives:
            alternatives |= _text_condition(column, alternative)
        return alternatives
    if isinstance(criterion, UidList):
        return Q(**{f"{column}__in": criterion.uids})
    return Q(**{f"{column}__dicom_wildcard": criterion.index_pattern})


def moment_condition(date_column: str, time_column: str, period: Range[datetime]) -> Q:
    """Return which rows lie in ``period`` with date and time taken together."""
    wanted = Q()
    for beyond, moment in (("gt", period.first), ("lt", period.last)):
        if moment is not None:
            day, instant = moment.date(), moment.time()
            wanted &= Q(**{f"{date_column}__{beyond}e": day})  # the index can use this alone
            wanted &= Q(**{f"{date_column}__{beyond}": day}) | Q(**{f"{time_column}__{beyond}e": instant})
    return wanted
