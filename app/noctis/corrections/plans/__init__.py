"""What a correction would do, worked out before anything is written: shown first, carried out as it was shown."""

from noctis.corrections.plans.plan import Objection, Plan, Row

__all__ = ["Objection", "Plan", "Row"]
