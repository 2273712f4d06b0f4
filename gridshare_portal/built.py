"""Queries that are built once and asked many times, with other values each time.

Django builds the SQL of a query anew whenever it is asked. For the question who may see a home, a nest of
conditions, that takes a hundred times as long as the database needs for the answer. Only the text of the
question is kept, by each connection; whatever is answered is read from the rows each time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

Asked = TypeVar("Asked")

LOWEST, HIGHEST = BigIntegerField.MAX_BIGINT * -1 - 1, BigIntegerField.MAX_BIGINT

_KEPT = "queries_built"  # on a connection, which one thread alone uses


class Given(Expression):
    """Stands in a query for a value that is given each time it is asked; never for None."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Return a place for the value, and itself in place of it."""
        return "%s", [self]

    def value(self, values: Mapping[str, object], connection: BaseDatabaseWrapper) -> object:
        """Return the value as the database takes it.

        Raises ValueError where none was given, and EmptyResultSet for a number that no column can hold.
        """
        value = values[self.name]
        if value is None:
            raise ValueError(f"No value is given for {self.name}.")
        if isinstance(value, int) and not LOWEST <= value <= HIGHEST:
            raise EmptyResultSet
        return self.output_field.get_db_prep_value(value, connection)


class _Asked:
    """What Django's iterator over rows wants of a query set: here, one whose SQL is known."""

    _known_related_objects: Mapping[Any, Any] = {}

    def __init__(self, model: type[Model], compiler: SQLCompiler) -> None:
        self.model, self.query, self._compiler = model, self, compiler
        self.db = compiler.using

    def get_compiler(self, using: str | None = None, connection: object = None) -> SQLCompiler:
        return self._compiler


@dataclass(frozen=True)
class _Text:
    """What a query is once it was built for one connection; `sql` is empty where it can find no row."""

    model: type[Model]
    compiler: SQLCompiler
    sql: str
    params: tuple[Any, ...]

    def rows(self, values: Mapping[str, object]) -> list[Any]:
        compiler = self._asking(values)
        if compiler is None:
            return []
        return list(ModelIterable(cast("QuerySet[Any]", _Asked(self.model, compiler))))

    def tuples(self, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        compiler = self._asking(values)
        return [] if compiler is None else [tuple(row) for row in compiler.results_iter(tuple_expected=True)]

    def _asking(self, values: Mapping[str, object]) -> SQLCompiler | None:
        """Return what asks with these values; None where no row can be found."""
        if not self.sql:
            return None
        connection = self.compiler.connection
        try:
            params = tuple(
                one.value(values, connection) if isinstance(one, Given) else one for one in self.params
            )
        except EmptyResultSet:
            return None
        compiler = copy.copy(self.compiler)
        vars(compiler)["as_sql"] = lambda *_args, **_options: (self.sql, params)
        return compiler


class Query(Generic[Asked]):
    """A query, made when it is first asked; in it, a Given stands for each value."""

    def __init__(self, build: Callable[[], QuerySet[Any, Asked]]) -> None:
        self._build = build

    def rows(self, **values: object) -> list[Asked]:
        """Ask with these values, and return what there is now."""
        return self._text().rows(values)

    def tuples(self, **values: object) -> list[tuple[Any, ...]]:
        """Ask a query of `values_list` with these values, and return its tuples."""
        return self._text().tuples(values)

    def first(self, **values: object) -> Asked | None:
        """Ask with these values, and return the first row, if any."""
        return next(iter(self.rows(**values)), None)

    def _text(self) -> _Text:
        connection = connections[DEFAULT_DB_ALIAS]
        texts: dict[Query[Any], _Text] = vars(connection).setdefault(_KEPT, {})
        if self not in texts:
            texts[self] = self._made(connection)
        return texts[self]

    def _made(self, connection: BaseDatabaseWrapper) -> _Text:
        queryset = self._build()
        compiler = queryset.query.get_compiler(connection=connection)
        compiler.using = DEFAULT_DB_ALIAS
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            sql, params = "", ()
        return _Text(queryset.model, compiler, sql, tuple(params))
