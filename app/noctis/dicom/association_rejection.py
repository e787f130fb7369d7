"""Why an association is rejected: result, source and reason of A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

from __future__ import annotations

from enum import Enum


class Rejection(Enum):
    """The combinations that Noctis answers with."""

    APPLICATION_CONTEXT_NOT_SUPPORTED = (1, 1, 2)
    CALLING_AE_TITLE_NOT_RECOGNISED = (1, 1, 3)
    CALLED_AE_TITLE_NOT_RECOGNISED = (1, 1, 7)
    NO_REASON_GIVEN = (1, 1, 1)
    TEMPORARY_CONGESTION = (2, 3, 1)
    LOCAL_LIMIT_EXCEEDED = (2, 3, 2)

    @property
    def result(self) -> int:
        """1: permanent, 2: transient."""
        return self.value[0]

    @property
    def source(self) -> int:
        """1: service user, 2: service provider (ACSE), 3: service provider (presentation)."""
        return self.value[1]

    @property
    def reason(self) -> int:
        """The reason; its meaning depends on the source."""
        return self.value[2]
